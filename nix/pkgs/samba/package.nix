{ fromDebian, lib }:
fromDebian "samba" {
  meta = {
    description = "Files and printers for Windows networks";
    license = lib.licenses.gpl3Plus;
    mainProgram = "smbd";
  };
}
