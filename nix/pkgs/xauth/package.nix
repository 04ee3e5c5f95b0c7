{ fromDebian, lib }:
fromDebian "xauth" {
  meta = {
    description = "Who may use which X server";
    homepage = "https://www.x.org/";
    license = lib.licenses.mit;
    mainProgram = "xauth";
  };
}
