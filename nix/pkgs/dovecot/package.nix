{ fromDebian, lib }:
fromDebian "dovecot" {
  meta = {
    description = "Server of mail boxes";
    license = lib.licenses.lgpl21Only;
    mainProgram = "dovecot";
  };
}
