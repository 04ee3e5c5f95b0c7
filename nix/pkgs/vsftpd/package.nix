{ fromDebian, lib }:
fromDebian "vsftpd" {
  meta = {
    description = "FTP server";
    license = lib.licenses.gpl2Only;
    mainProgram = "vsftpd";
  };
}
