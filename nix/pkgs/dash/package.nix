{ fromDebian, lib }:
fromDebian "dash" {
  # It can be a user's shell.
  passthru.shellPath = "/bin/dash";
  meta = {
    description = "Small POSIX shell";
    homepage = "http://gondor.apana.org.au/~herbert/dash/";
    license = lib.licenses.bsd3;
    mainProgram = "dash";
  };
}
