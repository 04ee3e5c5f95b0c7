{ fromDebian, lib }:
fromDebian "git" {
  meta = {
    description = "Version control";
    homepage = "https://git-scm.com/";
    license = lib.licenses.gpl2Only;
    mainProgram = "git";
  };
}
