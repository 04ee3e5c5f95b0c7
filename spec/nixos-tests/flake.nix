{
  description = "What tests of machines can do, method by method; each test is worth several boots";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
      inherit (pkgs.testers) runNixOSTest;
    in
    {
      checks.${system} = {
        acme = runNixOSTest ./acme.nix;
        containers = runNixOSTest ./containers.nix;
        disks = runNixOSTest ./disks.nix;
        firmware = runNixOSTest ./firmware.nix;
        hardware = runNixOSTest ./hardware.nix;
        inner = runNixOSTest ./inner.nix;
        mixed = runNixOSTest ./mixed.nix;
        created = runNixOSTest ./created.nix;
        screen = runNixOSTest ./screen.nix;
        services = runNixOSTest ./services.nix;
        packages = runNixOSTest {
          name = "packages";
          nodes.machine = { };
          extraPythonPackages = packages: [ packages.pyyaml ];
          testScript = ''
            import yaml

            machine.succeed("mkdir -p /etc/cold && echo 'layers: [snow, firn, ice]' > /etc/cold/facts.yaml")
            facts = yaml.safe_load(machine.succeed("cat /etc/cold/facts.yaml"))
            t.assertEqual(facts["layers"][1], "firn")
          '';
        };
        booted = runNixOSTest {
          imports = [ ./saved.nix ];
          name = "booted";
        };
        saved = runNixOSTest {
          imports = [ ./saved.nix ];
          name = "saved";
          testing.savedBoot = true;
        };
        saved-again = runNixOSTest {
          imports = [ ./saved.nix ];
          name = "saved-again";
          testing.savedBoot = true;
          testScript = pkgs.lib.mkForce ''
            start_all()
            one.wait_for_open_port(8080, "two")
            with open("identity", "w") as file:
                for machine in machines:
                    file.write(machine.succeed("cat /etc/machine-id; head -c 16 /dev/urandom | base64"))
          '';
        };
      };

      # These fail, as they must.
      legacyPackages.${system} = {
        failure = runNixOSTest {
          name = "failure";
          nodes.machine.systemd.services.broken.script = "echo these are its last words; exit 1";
          testScript = ''
            machine.systemctl("start broken.service")
            machine.wait_until_fails("systemctl is-active broken.service")
            with open("evidence", "w") as file:
                file.write("of the failure")
            machine.succeed("echo whole; echo output; exit 7")
          '';
        };
        mistakes = runNixOSTest {
          name = "mistakes";
          nodes.machine = { };
          testScript = ''
            start_all()
            machine.suceed("true")
            port: int = machine.succeed("echo 80")
            clien.succeed("true")

            def check(node):
                node.wait_for_open_port(port)
                machine.wait_for_open_port(80.5)

            check(machine)
          '';
        };
      };
    };
}
