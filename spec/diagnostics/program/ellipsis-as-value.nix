{ lib, ... }: {
  options.boot.initrd.remoteUnlock = {
    enable = lib.mkEnableOption "remote LUKS disk unlocking via SSH";
    hostKeys = ...; 
  };
}
