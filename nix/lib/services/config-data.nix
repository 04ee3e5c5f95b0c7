# Files of a modular service that can change while it runs.
{ pkgs }:
{ lib, ... }:
let
  inherit (lib) mkOption types;

  file =
    {
      name,
      config,
      options,
      ...
    }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          description = "Whether there is the file.";
        };
        name = mkOption {
          type = types.str;
          description = "The file's path within the service's folder; the attribute's name by default.";
        };
        path = mkOption {
          type = types.str;
          readOnly = true;
          description = "Where the service finds the file. What runs the service decides it.";
        };
        text = mkOption {
          type = types.nullOr types.lines;
          default = null;
          description = "The file's text.";
        };
        source = mkOption {
          type = types.path;
          description = "The file to take.";
        };
      };
      config = {
        name = lib.mkDefault name;
        source = lib.mkIf (config.text != null) (
          lib.mkDerivedConfig options.text (
            pkgs.writeText "service-configdata-${lib.replaceStrings [ "/" ] [ "-" ] name}"
          )
        );
      };
    };
in
{
  options.configData = mkOption {
    type = types.lazyAttrsOf (types.submodule file);
    default = { };
    example = lib.literalExpression ''{ "server.conf".text = "port = 8080"; }'';
    description = ''
      Files for the service that may change without a restart, for services that read them again when
      told to. Each has its place in `path`.
    '';
  };
}
