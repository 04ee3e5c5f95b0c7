{ fromDebianPython, lib }:
fromDebianPython "pre-commit" {
  meta = {
    description = "Runs checks before commits of git";
    homepage = "https://pre-commit.com";
    license = lib.licenses.mit;
    mainProgram = "pre-commit";
  };
}
