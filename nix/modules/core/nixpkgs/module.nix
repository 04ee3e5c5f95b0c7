# The package set which modules see as `pkgs`.
{
  config,
  options,
  lib,
  ...
}:
let
  cfg = config.nixpkgs;
  inherit (lib) mkOption types;
  mergeConfig = lib.foldl' lib.recursiveUpdate { };
  configType = lib.mkOptionType {
    name = "nixpkgs-config";
    description = "configuration of the package set";
    check = value: lib.isAttrs value || lib.isFunction value;
    merge =
      _loc: defs:
      let
        call = value: if lib.isFunction value then value { inherit (cfg) pkgs; } else value;
      in
      mergeConfig (map (def: call def.value) defs);
  };
  overlayType = lib.mkOptionType {
    name = "nixpkgs-overlay";
    description = "overlay: a function of the final and the previous package set";
    check = lib.isFunction;
    merge = lib.mergeOneOption;
  };
  platform = types.either types.str types.attrs;
  given = options.nixpkgs.hostPlatform.isDefined;
  defaultPkgs = import ../../../default.nix {
    inherit (cfg) config overlays;
    system = cfg.hostSystem;
  };
  overlaid =
    if cfg.overlays == [ ] then cfg.pkgs else cfg.pkgs.appendOverlays cfg.overlays;
  usesOwn = options.nixpkgs.pkgs.isDefined;
in
{
  options.nixpkgs = {
    pkgs = mkOption {
      type = types.raw;
      defaultText = lib.literalExpression "the package set made from the other options";
      example = lib.literalExpression "import <nixpkgs> { }";
      description = "The package set to use. Overlays given here are added to it; `nixpkgs.config` is not.";
    };
    config = mkOption {
      type = configType;
      default = { };
      example = lib.literalExpression "{ allowUnfree = true; }";
      description = "Configuration of the package set.";
    };
    overlays = mkOption {
      type = types.listOf overlayType;
      default = [ ];
      example = lib.literalExpression "[ (final: prev: { }) ]";
      description = "Overlays applied to the package set, in order.";
    };
    hostPlatform = mkOption {
      type = platform;
      apply = lib.systems.elaborate;
      example = "x86_64-linux";
      description = "Platform the machine runs on.";
    };
    buildPlatform = mkOption {
      type = platform;
      apply = lib.systems.elaborate;
      default = cfg.hostPlatform;
      defaultText = lib.literalExpression "config.nixpkgs.hostPlatform";
      description = "Platform the machine is built on.";
    };
    system = mkOption {
      type = types.str;
      default = builtins.currentSystem or "x86_64-linux";
      defaultText = lib.literalExpression "builtins.currentSystem";
      description = "Platform of the machine, when `nixpkgs.hostPlatform` is not set.";
    };
    localSystem = mkOption {
      type = types.attrs;
      default = {
        inherit (cfg) system;
      };
      defaultText = lib.literalExpression "{ system = config.nixpkgs.system; }";
      description = "Older spelling of `nixpkgs.buildPlatform`.";
    };
    crossSystem = mkOption {
      type = types.nullOr types.attrs;
      default = null;
      description = "Older spelling of `nixpkgs.hostPlatform` when it differs from the build platform.";
    };
    hostSystem = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      default =
        let
          host = if given then cfg.hostPlatform else cfg.system;
        in
        if lib.isString host then host else host.system;
      description = "The host platform as a system string.";
    };
    flake = {
      source = mkOption {
        type = types.nullOr (types.either types.str types.path);
        default = null;
        description = "Where the package set came from, when a flake provided it.";
      };
      setNixPath = mkOption {
        type = types.bool;
        default = cfg.flake.source != null;
        defaultText = lib.literalExpression "config.nixpkgs.flake.source != null";
        description = "Whether `<nixpkgs>` on the machine is this package set.";
      };
      setFlakeRegistry = mkOption {
        type = types.bool;
        default = cfg.flake.source != null;
        defaultText = lib.literalExpression "config.nixpkgs.flake.source != null";
        description = "Whether the flake `nixpkgs` on the machine is this package set.";
      };
    };
  };

  config._module.args = {
    pkgs = if usesOwn then overlaid else defaultPkgs;
    utils = import ../../utils.nix {
      inherit lib;
      inherit (config._module.args) pkgs;
    };
  };
}
