{
  description = "A module with options of its own, and a test of two machines";

  inputs.nixpkgs.url = "base";

  outputs =
    { self, nixpkgs }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      # Others write `imports = [ thisFlake.nixosModules.default ];`.
      nixosModules.default = ./modules/notes.nix;

      # firn flake check
      checks.${system}.default = pkgs.testers.runNixOSTest {
        name = "notes";

        nodes.server = {
          imports = [ self.nixosModules.default ];
          services.notes = {
            enable = true;
            openFirewall = true;
            text = "remember the milk";
          };
        };

        nodes.client = { };

        testScript = ''
          start_all()
          server.wait_for_unit("notes.service")
          server.wait_for_open_port(8080)
          client.succeed("curl --fail --silent http://server:8080/notes.txt | grep milk")
        '';
      };
    };
}
