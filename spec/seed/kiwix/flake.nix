# The same test by way of a flake, as the notes say in words.
{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
  outputs = { nixpkgs, ... }: let system = "x86_64-linux"; in {
    checks.${system}.kiwix-service = import ./test.nix { pkgs = nixpkgs.legacyPackages.${system}; };
  };
}
