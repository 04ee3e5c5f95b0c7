{
  description = "A service as a module outside of the distribution, with its test";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
    in
    {
      nixosModules.default = import ./module.nix;
      packages.x86_64-linux.wiki = pkgs.callPackage ./wiki.nix { };
      checks.x86_64-linux.default = import ./test.nix { inherit pkgs; };
    };
}
