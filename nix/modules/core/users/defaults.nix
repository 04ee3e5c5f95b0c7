# Accounts every machine has. Ids are NixOS' own, except that `tty` is 5: Debian's systemd was built
# with that number and gives it to terminals. Root's group 0 and the ids of Debian's services that
# have no number here are chosen when the machine first starts.
{
  users = {
    root = {
      uid = 0;
      description = "System administrator";
      home = "/root";
      shell = "/run/current-system/sw/bin/bash";
      group = "root";
      isSystemUser = true;
      homeMode = "700";
    };
    nobody = {
      uid = 65534;
      isSystemUser = true;
      description = "Unprivileged account (don't use!)";
      group = "nogroup";
    };
    messagebus = {
      uid = 4;
      isSystemUser = true;
      description = "D-Bus system message bus daemon user";
      home = "/run/dbus";
      group = "messagebus";
    };
    systemd-network = {
      uid = 152;
      isSystemUser = true;
      group = "systemd-network";
    };
    systemd-resolve = {
      uid = 153;
      isSystemUser = true;
      group = "systemd-resolve";
    };
    systemd-timesync = {
      uid = 154;
      isSystemUser = true;
      group = "systemd-timesync";
    };
  };
  groups = {
    root = 0;
    wheel = 1;
    kmem = 2;
    messagebus = 4;
    tty = 5;
    disk = 6;
    audio = 17;
    floppy = 18;
    uucp = 19;
    lp = 20;
    cdrom = 24;
    tape = 25;
    video = 26;
    dialout = 27;
    utmp = 29;
    adm = 55;
    systemd-journal = 62;
    keys = 96;
    users = 100;
    systemd-network = 152;
    systemd-resolve = 153;
    systemd-timesync = 154;
    input = 174;
    kvm = 302;
    render = 303;
    sgx = 304;
    shadow = 318;
    nogroup = 65534;
  };
}
