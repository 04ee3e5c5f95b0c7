{ fromDebian, lib }:
fromDebian "gitolite3" {
  meta = {
    description = "Access to Git repositories by ssh keys";
    license = lib.licenses.gpl2Only;
    mainProgram = "gitolite";
  };
}
