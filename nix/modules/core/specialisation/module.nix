# Variants of a system, which can be chosen at boot or switched to.
{
  config,
  lib,
  extendModules,
  baseModules,
  ...
}:
let
  inherit (lib) mkOption types;
  # A variant has no variants of its own.
  bare = {
    specialisation = lib.mkOverride 0 { };
    isSpecialisation = true;
  };
  child = extendModules { modules = [ bare ]; };
  alone =
    local:
    lib.evalModules {
      class = "nixos";
      modules = baseModules ++ [
        bare
        { nixpkgs.pkgs = lib.mkDefault config._module.args.pkgs; }
        { _module.args.baseModules = baseModules; }
      ];
      specialArgs.modulesPath = toString ../../../nixos/modules;
    };
in
{
  options = {
    specialisation = mkOption {
      default = { };
      type = types.attrsOf (
        types.submodule (local: {
          options = {
            inheritParentConfig = mkOption {
              type = types.bool;
              default = true;
              description = "Whether the variant is a change of the machine's configuration, or stands alone.";
            };
            configuration = mkOption {
              default = { };
              type = if local.config.inheritParentConfig then child.type else (alone local).type;
              visible = "shallow";
              description = "Configuration of the variant.";
            };
          };
        })
      );
      example = lib.literalExpression "{ quiet.configuration = { services.nginx.enable = lib.mkForce false; }; }";
      description = "Variants of the system. Each is in the folder `specialisation` of the system and has an entry in the boot menu.";
    };
    isSpecialisation = mkOption {
      type = types.bool;
      internal = true;
      default = false;
      description = "Whether this configuration is a variant of another.";
    };
  };
}
