{
  fromDebian,
  kmod,
  lib,
  util-linux,
}:
fromDebian "systemd" {
  # What it works with, where modules look for it.
  passthru = { inherit kmod util-linux; };
  meta = {
    description = "System and service manager";
    homepage = "https://systemd.io/";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "systemctl";
  };
}
