{
  description = "Where a service's data can come from";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
    in
    {
      checks.x86_64-linux.default = pkgs.nixosTest {
        name = "data";
        nodes.machine = {
          # 1. A file of the repository, in the store.
          environment.etc."app/notes.txt".source = ./notes.txt;
          # 2. A file made from configuration.
          environment.etc."app/config.json".text = builtins.toJSON {
            port = 8080;
            debug = false;
          };
          # 3. A file fetched by its hash, which `nix-prefetch-url --type sha256 URL` prints. With
          #    `builtins.fetchurl` it is fetched by the evaluation, with `pkgs.fetchurl` by a build.
          environment.etc."app/hello.dsc".source = pkgs.fetchurl {
            url = "mirror://debian/pool/main/h/hello/hello_2.10-3.dsc";
            sha256 = "141pvcbldi340mxlxymy5r2jrdas5cm18az294c2zbhqyrg6yabm";
          };
          # 4. A path at run time, which is not in the store.
          systemd.services.reader = {
            serviceConfig.Type = "oneshot";
            script = "cp /opt/downloads/big.bin /run/read";
          };
        };
        testScript = ''
          import json

          machine.wait_for_unit("multi-user.target")
          assert machine.succeed("cat /etc/app/notes.txt") == "a file of the repository\n"
          assert json.loads(machine.succeed("cat /etc/app/config.json")) == {"port": 8080, "debug": False}
          machine.succeed("readlink -f /etc/app/notes.txt | grep ^/nix/store/")

          assert "Source: hello" in machine.succeed("cat /etc/app/hello.dsc")

          machine.fail("systemctl start reader.service")
          machine.succeed("mkdir -p /opt/downloads && echo data > /opt/downloads/big.bin")
          machine.succeed("systemctl start reader.service && grep data /run/read")
        '';
      };
    };
}
