{ fromDebian, lib }:
fromDebian "nodejs" {
  meta = {
    description = "JavaScript outside of browsers";
    homepage = "https://nodejs.org/";
    license = lib.licenses.mit;
    mainProgram = "node";
  };
}
