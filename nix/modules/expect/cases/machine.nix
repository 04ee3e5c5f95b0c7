# A machine with a kernel, users, services and an address.
{ lib, ... }:
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
  };
  security.sudo.wheelNeedsPassword = false;
  time.timeZone = "Europe/Berlin";
  system.activationScripts.hello.text = "echo hello";
}
