# A machine with a kernel, users, services and an address.
{ config, lib, ... }:
{
  networking.hostName = "box";
  networking.domain = "example.org";
  networking.interfaces.eth1.ipv4.addresses = [
    {
      address = "192.0.2.2";
      prefixLength = 24;
    }
  ];
  networking.defaultGateway = "192.0.2.1";
  networking.nameservers = [ "192.0.2.53" ];
  fileSystems."/" = {
    device = "/dev/disk/by-label/nixos";
    fsType = "ext4";
  };
  fileSystems."/data" = {
    label = "data";
    options = [ "noatime" ];
  };
  users.users.alice = {
    isNormalUser = true;
    extraGroups = [ "wheel" ];
    openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAA alice" ];
  };
  services.openssh.enable = true;
  services.nginx = {
    enable = true;
    virtualHosts."example.org" = {
      root = "/srv/www";
      locations."/api/".proxyPass = "http://127.0.0.1:3000";
    };
    virtualHosts."old.example.org" = {
      globalRedirect = "example.org";
      redirectCode = 308;
    };
  };
  swapDevices = [
    {
      device = "/swapfile";
      size = 64;
      priority = 3;
    }
    {
      device = "/dev/vdb";
      randomEncryption = true;
      discardPolicy = "both";
    }
  ];
  systemd.network.networks."10-lan" = {
    name = "lan";
    vrf = [ "blue" ];
    routes = [ { routeConfig.Gateway = "192.0.2.9"; } ];
    neighbors = [
      {
        Address = "192.0.2.3";
        LinkLayerAddress = "00:00:5e:00:53:01";
      }
    ];
  };
  systemd.network.netdevs.blue = {
    netdevConfig = {
      Name = "blue";
      Kind = "vrf";
    };
    vrfConfig.Table = 5;
  };
  security.pam.services.login = {
    failDelay.enable = true;
    rules.auth.own = {
      order = config.security.pam.services.login.rules.auth.unix.order - 10;
      control = "sufficient";
      modulePath = "pam_own.so";
      settings.level = 3;
    };
  };
  security.sudo.wheelNeedsPassword = false;
  time.timeZone = "Europe/Berlin";
  system.activationScripts.hello.text = "echo hello";
}
