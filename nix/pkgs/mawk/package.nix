{ fromDebian, lib }:
fromDebian "mawk" {
  meta = {
    description = "Small and fast awk";
    homepage = "https://invisible-island.net/mawk/";
    license = lib.licenses.gpl2Only;
    mainProgram = "mawk";
  };
}
