{ fromDebian, lib }:
fromDebian "fail2ban" {
  meta = {
    description = "Bans addresses that try passwords";
    license = lib.licenses.gpl2Plus;
    mainProgram = "fail2ban-client";
  };
}
