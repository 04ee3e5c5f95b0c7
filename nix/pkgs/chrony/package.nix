{ fromDebian, lib }:
fromDebian "chrony" {
  meta = {
    description = "Keeps the clock right";
    homepage = "https://chrony-project.org/";
    license = lib.licenses.gpl2Only;
    mainProgram = "chronyd";
  };
}
