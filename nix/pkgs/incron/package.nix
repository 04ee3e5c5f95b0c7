{ fromDebian, lib }:
fromDebian "incron" {
  meta = {
    description = "Runs commands when files change";
    license = lib.licenses.gpl2Only;
    mainProgram = "incrontab";
  };
}
