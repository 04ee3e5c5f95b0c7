# Files in `/etc`.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  entries = lib.filter (entry: entry.enable) (lib.attrValues config.environment.etc);
  entryModule =
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
          description = "Whether the file is there.";
        };
        target = mkOption {
          type = types.str;
          default = name;
          defaultText = lib.literalExpression "name";
          description = "Path of the file below `/etc`.";
        };
        text = mkOption {
          type = types.nullOr types.lines;
          default = null;
          description = "Text of the file.";
        };
        source = mkOption {
          type = types.path;
          description = "File or folder that is shown at this place.";
        };
        mode = mkOption {
          type = types.str;
          default = "symlink";
          example = "0600";
          description = "`symlink`, `direct-symlink` (a link that does not lead through `/etc/static`), or the access mode of a copy.";
        };
        uid = mkOption {
          type = types.int;
          default = 0;
          description = "Owner of the copy.";
        };
        gid = mkOption {
          type = types.int;
          default = 0;
          description = "Group of the copy.";
        };
        user = mkOption {
          type = types.str;
          default = "+${toString config.uid}";
          description = "Owner of the copy by name, or `+` and a number.";
        };
        group = mkOption {
          type = types.str;
          default = "+${toString config.gid}";
          description = "Group of the copy by name, or `+` and a number.";
        };
      };
      config.source = lib.mkIf (config.text != null) (
        lib.mkOverride (options.text.highestPrio or lib.modules.defaultOverridePriority + 1) (
          pkgs.writeText ("etc-" + lib.replaceStrings [ "/" ] [ "-" ] (lib.strings.sanitizeDerivationName name)) config.text
        )
      );
      # What the folder of static files holds: the text itself where the source is made from it.
      options.content = mkOption {
        internal = true;
        readOnly = true;
        type = types.raw;
        default =
          if config.text != null && options.source.highestPrio > (options.text.highestPrio or 100) then
            { inherit (config) text; }
          else
            { link = "${config.source}"; };
        description = "The entry for the builder of `/etc`.";
      };
    };
  copied = lib.filter (entry: entry.mode != "symlink" && entry.mode != "direct-symlink") entries;
in
{
  options.environment.etc = mkOption {
    type = types.attrsOf (types.submodule entryModule);
    default = { };
    example = lib.literalExpression ''
      {
        "app/config.json".text = builtins.toJSON { port = 8080; };
        "app/key" = { source = "/nix/store/…"; mode = "0600"; };
      }
    '';
    description = "Files in `/etc`: links into the store, or copies when they need a mode of their own.";
  };
  config.system.build.etc = import ../../../../build/tree.nix {
    system = pkgs.stdenv.hostPlatform.system;
    name = "etc";
    entries = lib.listToAttrs (map (entry: lib.nameValuePair entry.target entry.content) entries);
  };
  config.system.activationPlan.etc = {
    source = "${config.system.build.etc}";
    copies = map (entry: {
      path = entry.target;
      inherit (entry) mode user group;
    }) copied;
    direct = map (entry: entry.target) (lib.filter (entry: entry.mode == "direct-symlink") entries);
  };
}
