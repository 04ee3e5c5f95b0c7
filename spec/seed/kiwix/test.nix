# A listing of the notes, as it stands.
{ pkgs ? import <nixpkgs> {} }:
pkgs.nixosTest {
  name = "kiwix-service";
  nodes.machine = {pkgs, ...}: {
    imports = [./module.nix];

    services.kiwix = {
      enable = true;
      port = 1337;
      wikis = [
        ./bitcoin_en_all_maxi_2021-03.zim
      ];
    };
    environment.systemPackages = [pkgs.curl];
  };

  testScript = ''
    machine.wait_for_open_port(1337)
    machine.succeed("curl -f http://127.0.0.1:1337/")
  '';
}
