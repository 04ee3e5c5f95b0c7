{
  description = "A module in a folder of one's own, imported by a machine";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
    in
    {
      checks.x86_64-linux.default = pkgs.nixosTest {
        name = "own-module";
        nodes.machine =
          { ... }:
          {
            imports = [ ./modules/greeter.nix ];
            mymodules.greeter = {
              enable = true;
              dataDir = "/srv/greetings";
            };
            environment.systemPackages = [ pkgs.curl ];
          };
        testScript = ''
          machine.wait_for_open_port(8000)
          assert "hello" in machine.succeed("curl -sf http://localhost:8000/")
        '';
      };
    };
}
