{ fromDebian, lib }:
fromDebian "shadow" {
  meta = {
    description = "Tools for users and passwords";
    homepage = "https://github.com/shadow-maint/shadow";
    license = lib.licenses.bsd3;
    mainProgram = "passwd";
  };
}
