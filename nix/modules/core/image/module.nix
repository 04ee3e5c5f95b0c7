# Disk images with a GUID partition table, by NixOS' options `image.repart`: `system.build.image`. Debian 12's systemd-repart
# wants loop devices, which a build has not, so file systems are made by their own programs, and the table by sfdisk.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe text;
  cfg = config.image.repart;
  kinds = import ./kinds.nix;
  partition.options = {
    storePaths = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Store paths that the partition has, with what they refer to.";
    };
    nixStorePrefix = mkOption {
      type = types.path;
      default = "/nix/store";
      description = "Where they are in the partition.";
    };
    contents = mkOption {
      type = types.attrsOf (
        types.submodule {
          options.source = mkOption {
            type = types.path;
            description = "File or folder.";
          };
        }
      );
      default = { };
      description = "Further files, by place in the partition.";
    };
    repartConfig = mkOption {
      type = types.attrsOf (types.oneOf [ types.str types.int types.bool (types.listOf types.str) ]);
      default = { };
      example = {
        Type = "root";
        Format = "ext4";
        Minimize = "guess";
      };
      description = "Settings of the partition, as in {manpage}`repart.d(5)`.";
    };
  };
  understood = [ "Type" "Format" "Label" "UUID" "SizeMinBytes" "SizeMaxBytes" "Minimize" "MakeDirectories" "Priority" "Weight" "PaddingWeight" "GrowFileSystem" "NoAuto" "ReadOnly" "FactoryReset" "SplitName" ];
  formats = [ "ext2" "ext3" "ext4" "vfat" "swap" "erofs" "squashfs" ];
  each = lib.mapAttrsToList (name: p: p // { inherit name; c = p.repartConfig; }) cfg.partitions;
  where = p: "image.repart.partitions.${p.name}.repartConfig";
  make = import ./make.nix { inherit lib pkgs; };
  uki = import ./uki.nix { inherit config lib pkgs; };
in
{
  options.image = {
    baseName = text "nixos-image-${config.system.nixos.label}-${pkgs.stdenv.hostPlatform.system}" "Name of the image's file, without ending.";
    extension = text "raw" "Ending of the image's file.";
    fileName = text "${config.image.baseName}.${config.image.extension}" "Name of the image's file.";
    filePath = text config.image.fileName "Place of the image's file in `system.build.image`.";
    repart = {
      name = text (if config.system.image.id == null then "image" else config.system.image.id) "Name of the image.";
      version = mkOption {
        type = types.nullOr types.str;
        default = config.system.image.version;
        defaultText = lib.literalExpression "config.system.image.version";
        description = "Version of the image.";
      };
      compression = {
        enable = flag false "Whether the image is compressed.";
        algorithm = mkOption {
          type = types.enum [ "zstd" "xz" "zstd-seekable" ];
          default = "zstd";
          description = "How it is compressed.";
        };
        level = mkOption {
          type = types.int;
          default = 3;
          description = "How much work that may be.";
        };
      };
      seed = mkOption {
        type = types.nullOr types.str;
        default = "0867da16-f251-457d-a9e8-c31f9a3c220b";
        description = "UUID that identifiers of partitions are made from.";
      };
      split = flag false "Whether each partition with `SplitName` is a file of its own as well.";
      sectorSize = mkOption {
        type = types.nullOr types.int;
        default = 512;
        description = "Bytes of a sector: 512.";
      };
      imageSize = mkOption {
        type = types.strMatching "([0-9]+[KMGTP]?|auto)";
        default = "auto";
        description = "Size of the image; `auto` for what the partitions take.";
      };
      package = mkOption {
        type = types.raw;
        default = pkgs.systemd;
        defaultText = lib.literalExpression "pkgs.systemd";
        description = "Without effect: images are made by the file systems' own programs.";
      };
      partitions = mkOption {
        type = types.attrsOf (types.submodule partition);
        default = { };
        description = "Partitions by name, in whose order they are on the disk.";
      };
      mkfsOptions = mkOption {
        type = types.attrsOf (types.listOf types.str);
        default = { };
        example = { ext4 = [ "-m 0" ]; };
        description = "Further arguments of the programs that make file systems, by kind.";
      };
      image = mkOption {
        type = types.package;
        internal = true;
        readOnly = true;
        description = "The image.";
      };
    };
  };
  options.system = {
    image.id = maybe (types.strMatching "[a-z0-9._-]+") "Name of images of this system, `IMAGE_ID` in os-release.";
    image.version = maybe (types.strMatching "[a-z0-9._~^-]+") "Version of images of this system, `IMAGE_VERSION` in os-release.";
    boot.loader.ukiFile = text (
      lib.concatStringsSep "_" (
        [ (if config.system.image.id == null then "nixos" else config.system.image.id) ]
        ++ lib.optional (config.system.image.version != null) config.system.image.version
      )
      + ".efi"
    ) "Name of the file with kernel and initial file system in one.";
  };

  config = {
    system.build.uki = uki;
    image.baseName = mkIf (cfg.partitions != { }) (
      lib.mkOverride 1200 (cfg.name + lib.optionalString (cfg.version != null) "_${cfg.version}")
    );
    image.extension = mkIf cfg.compression.enable (
      lib.mkOverride 1200 (if cfg.compression.algorithm == "xz" then "raw.xz" else "raw.zst")
    );
    image.repart.image = make {
      inherit (config.image) baseName;
      inherit cfg kinds;
    };
    system.build.image = mkIf (cfg.partitions != { }) (lib.mkOptionDefault cfg.image);
    assertions = lib.concatMap (
      p:
      [
        {
          assertion = lib.all (name: lib.elem name understood) (lib.attrNames p.c);
          message = "${where p}: ${lib.concatStringsSep ", " (lib.subtractLists understood (lib.attrNames p.c))} can't be had: base makes images without loop devices and signatures. It knows ${lib.concatStringsSep ", " understood}.";
        }
        {
          assertion = lib.elem (p.c.Format or "ext4") formats;
          message = "${where p}.Format: base makes ${lib.concatStringsSep ", " formats}, not '${p.c.Format or ""}'.";
        }
        {
          assertion = p.c ? Type && (kinds ? ${p.c.Type} || builtins.match "[0-9a-fA-F-]{36}" p.c.Type != null);
          message = "${where p}.Type: a partition needs a type, by its name in repart.d(5) or its UUID${lib.optionalString (p.c ? Type) "; '${p.c.Type}' is none"}.";
        }
        {
          assertion = lib.stringLength (p.c.Label or "") <= 36;
          message = "${where p}.Label: '${p.c.Label or ""}' is longer than 36 characters, which is all that the table has room for.";
        }
      ]
    ) each
    ++ [
      {
        assertion = cfg.sectorSize == null || cfg.sectorSize == 512;
        message = "image.repart.sectorSize: base makes images with sectors of 512 bytes.";
      }
    ];
  };
}
