{ fromDebian, lib }:
fromDebian "xss-lock" {
  meta = {
    description = "Locks the screen when the screen saver wants it";
    homepage = "https://bitbucket.org/raymonad/xss-lock";
    license = lib.licenses.mit;
    mainProgram = "xss-lock";
  };
}
