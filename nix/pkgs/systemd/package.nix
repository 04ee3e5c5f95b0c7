{ fromDebian, lib }:
fromDebian "systemd" {
  meta = {
    description = "System and service manager";
    homepage = "https://systemd.io/";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "systemctl";
  };
}
