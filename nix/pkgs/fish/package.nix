{ fromDebian, lib }:
fromDebian "fish" {
  # It can be a user's shell.
  passthru.shellPath = "/bin/fish";
  meta = {
    description = "Friendly interactive shell";
    homepage = "https://fishshell.com/";
    license = lib.licenses.gpl2Only;
    mainProgram = "fish";
  };
}
