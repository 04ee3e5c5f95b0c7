{
  outputs = _: {
    packages = import ./packages.nix;
    legacyPackages.x86_64-linux = {
      broken = throw "broken";
      hidden.c = (import ./package.nix) "c-3" "An unseen thing";
      deep = {
        recurseForDerivations = true;
        b = (import ./package.nix) "b-2" "Another thing";
      };
    };
    nixosModules.default = { lib, ... }: {
      options.services.thing = {
        enable = lib.mkEnableOption "things";
        names = lib.mkOption {
          type = lib.types.listOf lib.types.str;
          default = [ "a" ];
          description = "Their\nnames.";
        };
      };
    };
  };
}
