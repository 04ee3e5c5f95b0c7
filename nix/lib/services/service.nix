# The module of a modular service. What it needs from outside comes by a first argument, not as an
# argument of modules, which services are not to depend on.
{ pkgs }:
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  _class = "service";
  imports = [ (lib.modules.importApply ./config-data.nix { inherit pkgs; }) ];

  options = {
    process.argv = mkOption {
      type = types.listOf (types.coercedTo types.path (path: "${path}") types.str);
      example = lib.literalExpression ''[ (lib.getExe config.package) "--foreground" ]'';
      description = ''
        The program and its arguments. No shell sees them: variables are not expanded.
      '';
    };
    services = mkOption {
      type = types.attrsOf (
        types.submoduleWith {
          modules = [ (lib.modules.importApply ./service.nix { inherit pkgs; }) ];
        }
      );
      default = { };
      visible = "shallow";
      description = ''
        Services that belong to this one. They are started and stopped by themselves.
      '';
    };
    assertions = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      internal = true;
      example = [
        {
          assertion = false;
          message = "you can't enable this for that reason";
        }
      ];
      description = "Conditions that must hold, each with a message for when it does not.";
    };
    warnings = mkOption {
      type = types.listOf types.str;
      default = [ ];
      internal = true;
      description = "What to warn people of.";
    };
    meta.maintainers = mkOption {
      type = types.listOf types.raw;
      default = [ ];
      internal = true;
      description = "Who looks after the module.";
    };
  };
}
