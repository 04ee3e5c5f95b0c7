{
  description = "base: packages, systems and tests that firn has built in";

  outputs =
    { self }:
    let
      systems = [ "x86_64-linux" ];
      forSystems = f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) systems);
      library = import ./lib;
    in
    {
      lib = library // {
        # A machine from its modules.
        nixosSystem =
          args:
          import ./modules/eval-config.nix (
            {
              lib = self.lib;
              # Modules set the platform themselves.
              system = null;
              modules =
                args.modules or [ ]
                ++ library.optional (args ? pkgs) { config.nixpkgs.pkgs = args.pkgs; };
            }
            // removeAttrs args [ "modules" "pkgs" ]
          );
      };

      legacyPackages = forSystems (system: import ./. { inherit system; });

      nixosModules = {
        notDetected = { };
        readOnlyPkgs = { };
      };

      checks = forSystems (_: { });

      templates = {
        default = self.templates.http-test;
        http-test = {
          path = ./templates/http-test;
          description = "A web server as a systemd unit, and a client that fetches from it";
          welcomeText = "Run the test: firn flake check";
        };
      };
    };
}
