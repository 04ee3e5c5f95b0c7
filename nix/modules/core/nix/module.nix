# Nix on the machine: settings, registry and garbage collection.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.nix;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  atom = types.nullOr (types.oneOf [ types.bool types.int types.float types.str types.path types.package ]);
  # A flake reference by its parts.
  reference = types.attrsOf (types.oneOf [ types.str types.int types.bool types.path types.package ]);
  show =
    value:
    if value == null then
      ""
    else if lib.isBool value then
      lib.boolToString value
    else if lib.isList value then
      lib.concatMapStringsSep " " show value
    else
      toString value;
  line = name: value: "${name} = ${show value}\n";
  plain = lib.filterAttrs (name: value: !lib.hasPrefix "extra-" name && value != null) cfg.settings;
  extra = lib.filterAttrs (name: value: lib.hasPrefix "extra-" name && value != null) cfg.settings;
in
{
  options.nix = {
    enable = flag true "Whether the machine has Nix (firn under its names).";
    package = mkOption {
      type = types.package;
      default = pkgs.firn;
      defaultText = lib.literalExpression "pkgs.firn";
      description = "The package of Nix.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf (types.either atom (types.listOf atom));
      };
      default = { };
      example = {
        experimental-features = [ "nix-command" "flakes" ];
      };
      description = "Settings of `nix.conf`.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `nix.conf`.";
    };
    channel.enable = flag false "Whether channels are used.";
    checkConfig = flag true "Whether `nix.conf` is checked when it is built.";
    checkAllErrors = flag true "Whether unknown settings are errors.";
    nixPath = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Entries of NIX_PATH.";
    };
    registry = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, config, ... }:
          {
            options = {
              from = mkOption {
                type = reference;
                example = {
                  type = "indirect";
                  id = "nixpkgs";
                };
                description = "What the entry is for.";
              };
              to = mkOption {
                type = reference;
                example = {
                  type = "github";
                  owner = "my-org";
                  repo = "my-nixpkgs";
                };
                description = "What is taken instead.";
              };
              flake = mkOption {
                type = types.nullOr types.attrs;
                default = null;
                description = "A flake that is taken instead, such as an input.";
              };
              exact = flag true "Whether the entry is for the reference as it is, without a branch or revision of its own.";
            };
            config = {
              from = lib.mkDefault {
                type = "indirect";
                id = name;
              };
              to = lib.mkIf (config.flake != null) (
                lib.mkDefault (
                  {
                    type = "path";
                    path = config.flake.outPath;
                  }
                  // lib.filterAttrs (
                    part: _: part == "lastModified" || part == "rev" || part == "narHash"
                  ) config.flake
                )
              );
            };
          }
        )
      );
      default = { };
      description = "Flakes by name, for `/etc/nix/registry.json`.";
    };
    gc = {
      automatic = flag false "Whether garbage is collected regularly.";
      dates = mkOption {
        type = types.either types.str (types.listOf types.str);
        default = "03:15";
        description = "When garbage is collected.";
      };
      options = mkOption {
        type = types.str;
        default = "";
        example = "--delete-older-than 30d";
        description = "Arguments of nix-collect-garbage.";
      };
      persistent = flag true "Whether a missed run is made up for.";
      randomizedDelaySec = mkOption {
        type = types.str;
        default = "0";
        description = "Random delay.";
      };
    };
    optimise = {
      automatic = flag false "Whether equal files are linked regularly.";
      dates = mkOption {
        type = types.either types.str (types.listOf types.str);
        default = [ "03:45" ];
        description = "When equal files are linked.";
      };
    };
    buildMachines = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      description = "Machines that build for this one.";
    };
    distributedBuilds = flag false "Whether other machines build for this one.";
    nrBuildUsers = mkOption {
      type = types.int;
      default = 0;
      description = "How many build users there are; firn builds in user namespaces and needs none.";
    };
    daemonCPUSchedPolicy = mkOption {
      type = types.enum [ "other" "batch" "idle" ];
      default = "other";
      description = "How builds are scheduled.";
    };
    daemonIOSchedClass = mkOption {
      type = types.enum [ "best-effort" "idle" ];
      default = "best-effort";
      description = "How builds' input and output are scheduled.";
    };
    readOnlyStore = flag true "Whether the store is mounted read-only.";
    sshServe = {
      enable = flag false "Whether the store is served over ssh, to the user `nix-ssh`.";
      write = flag false "Whether that user may add to the store.";
      protocol = mkOption {
        type = types.enum [ "ssh" "ssh-ng" ];
        default = "ssh";
        description = "How clients talk to the store.";
      };
      keys = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Public keys which may log in.";
      };
    };
  };
  config = lib.mkIf cfg.enable {
    nix.settings = {
      experimental-features = lib.mkDefault [ "nix-command" "flakes" ];
      sandbox = lib.mkDefault true;
      trusted-users = lib.mkDefault [ "root" ];
      max-jobs = lib.mkDefault "auto";
    };
    environment.etc = {
      "nix/nix.conf".text =
        lib.concatStrings (lib.mapAttrsToList line plain ++ lib.mapAttrsToList line extra) + cfg.extraOptions;
      "nix/registry.json" = lib.mkIf (cfg.registry != { }) {
        text = builtins.toJSON {
          version = 2;
          flakes = lib.mapAttrsToList (_: entry: { inherit (entry) from to exact; }) cfg.registry;
        };
      };
    };
    # Part of each system anyway, because it activates it.
    environment.systemPackages = [ cfg.package ];
    environment.sessionVariables.NIX_PATH = lib.mkIf (cfg.nixPath != [ ]) cfg.nixPath;
    systemd.services = lib.mkIf cfg.gc.automatic {
      nix-gc = {
        description = "Nix Garbage Collector";
        serviceConfig.Type = "oneshot";
        script = "exec ${cfg.package}/bin/nix-collect-garbage ${cfg.gc.options}";
        startAt = cfg.gc.dates;
      };
    };
  };
}
