{
  debian,
  fromDebianPython,
  lib,
}:
fromDebianPython "fail2ban" {
  modules = [ debian.python3-systemd ];
  meta = {
    description = "Bans addresses that try passwords";
    license = lib.licenses.gpl2Plus;
    mainProgram = "fail2ban-client";
  };
}
