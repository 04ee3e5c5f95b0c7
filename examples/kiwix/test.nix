# The service's test, reached through the flake beside it and by `nix-build test.nix`.
{
  pkgs ? import <nixpkgs> { },
}:
pkgs.nixosTest {
  name = "kiwix-service";

  nodes.machine =
    { pkgs, ... }:
    {
      imports = [ ./module.nix ];
      services.kiwix = {
        enable = true;
        wikis = [ (pkgs.callPackage ./wiki.nix { }) ];
      };
      environment.systemPackages = [ pkgs.curl ];
    };

  testScript = ''
    machine.wait_for_open_port(1337)
    machine.succeed("curl --fail --silent http://127.0.0.1:1337/")
    machine.succeed("test $(systemctl show kiwix.service -P User) = kiwix")
  '';
}
