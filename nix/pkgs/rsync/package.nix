{ fromDebian, lib }:
fromDebian "rsync" {
  meta = {
    description = "Copies files by their differences";
    homepage = "https://rsync.samba.org/";
    license = lib.licenses.gpl3Plus;
    mainProgram = "rsync";
  };
}
