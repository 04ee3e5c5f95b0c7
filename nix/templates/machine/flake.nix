{
  description = "A machine, described by modules, and a test that it does what it should";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      # firn build .#nixosConfigurations.machine.config.system.build.toplevel
      nixosConfigurations.machine = nixpkgs.lib.nixosSystem {
        inherit system;
        modules = [
          ./configuration.nix
          {
            # What only the real machine has.
            fileSystems."/".device = "/dev/disk/by-label/nixos";
            boot.loader.systemd-boot.enable = true;
          }
        ];
      };

      # firn flake check; `firn test shell` starts the machine with a prompt
      checks.${system}.default = pkgs.testers.runNixOSTest {
        name = "machine";
        nodes.machine = ./configuration.nix;
        testScript = ''
          machine.wait_for_unit("multi-user.target")
          machine.wait_for_open_port(80)
          machine.succeed("curl --fail --silent http://localhost/ | grep 'It works'")
          machine.succeed("id alice")
        '';
      };
    };
}
