{ fromDebian, lib }:
fromDebian "fish" {
  meta = {
    description = "Friendly interactive shell";
    homepage = "https://fishshell.com/";
    license = lib.licenses.gpl2Only;
    mainProgram = "fish";
  };
}
