{
  description = "base: packages, systems and tests that firn has built in";

  outputs =
    { self }:
    let
      systems = [ "x86_64-linux" ];
      forSystems = library.genAttrs systems;
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

      # Flakes that list their outputs for all platforms can be evaluated; what is built of Debian's packages can't be
      # built for others.
      legacyPackages = library.genAttrs library.systems.flakeExposed (system: import ./. { inherit system; });

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
        machine = {
          path = ./templates/machine;
          description = "A machine, described by modules, and a test of it";
          welcomeText = "Test the machine: firn flake check\nWork with it: firn test shell";
        };
        module = {
          path = ./templates/module;
          description = "A module with options of its own, and a test of two machines";
          welcomeText = "Run the test: firn flake check";
        };
        package = {
          path = ./templates/package;
          description = "A program of one's own, with a check and a shell to work on it";
          welcomeText = "Build and run it: firn run . -- world\nWork on it: firn develop";
        };
      };
    };
}
