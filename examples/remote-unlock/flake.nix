{
  description = "A machine with encrypted disks that is unlocked by ssh while it boots";

  inputs.nixpkgs.url = "base";

  outputs =
    { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
    in
    {
      nixosModules.default = ./module.nix;
      checks.x86_64-linux.default = import ./test.nix { inherit pkgs; };
    };
}
