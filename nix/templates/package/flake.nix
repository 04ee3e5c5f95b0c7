{
  description = "A program of one's own: built, checked, and with a shell to work on it";

  inputs.nixpkgs.url = "base";

  outputs =
    { self, nixpkgs }:
    let
      system = "x86_64-linux";
      pkgs = nixpkgs.legacyPackages.${system};
    in
    {
      # firn build, firn run
      packages.${system}.default = pkgs.stdenv.mkDerivation {
        pname = "greet";
        version = "0.1";
        src = ./src;
        buildPhase = "cc -O2 -o greet greet.c";
        installPhase = "install -D greet $out/bin/greet";
        meta.mainProgram = "greet";
      };

      # firn flake check
      checks.${system}.default = pkgs.runCommand "greet-greets" { } ''
        ${self.packages.${system}.default}/bin/greet world > $out
        grep -x 'Hello, world!' $out
      '';

      # firn develop
      devShells.${system}.default = pkgs.mkShell {
        inputsFrom = [ self.packages.${system}.default ];
        packages = [ pkgs.gdb ];
      };
    };
}
