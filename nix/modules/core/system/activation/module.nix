# Snippets of shell code run when the system is activated, around the steps that are built in.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.system;
  snippet = types.submodule {
    options = {
      text = mkOption {
        type = types.lines;
        default = "";
        description = "Shell code.";
      };
      deps = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Snippets and steps that come before.";
      };
      supportsDryActivation = mkOption {
        type = types.bool;
        default = false;
        description = "Whether the snippet may run in a dry activation; it then sees NIXOS_ACTION=dry-activate.";
      };
    };
  };
  snippets = types.attrsOf (types.coercedTo types.str lib.noDepEntry snippet);

  # Steps which the program does itself, with what they need.
  steps = {
    specialfs = [ ];
    usr = [ "specialfs" ];
    users = [ "specialfs" ];
    groups = [ "users" ];
    etc = [ "users" "groups" ];
    var = [ ];
    wrappers = [ "specialfs" "users" ];
    hostname = [ ];
    modprobe = [ ];
    udevd = [ ];
    binsh = [ "usr" ];
    usrbinenv = [ "usr" ];
    domain = [ ];
    stdio = [ ];
  };
  all =
    lib.mapAttrs (_: deps: {
      inherit deps;
      text = "";
      supportsDryActivation = true;
    }) steps
    // cfg.activationScripts;
  order = import ./order.nix { inherit lib; } all (lib.attrNames all);
  entry =
    name:
    if all.${name}.text == "" then
      { builtin = name; }
    else
      {
        inherit name;
        inherit (all.${name}) text;
        dry = all.${name}.supportsDryActivation;
      };
in
{
  options.system = {
    activationScripts = mkOption {
      type = snippets;
      default = { };
      example = lib.literalExpression ''
        {
          stampBoot.text = "date > /var/lib/last-activation";
          afterUsers = { deps = [ "users" ]; text = "install -d -o alice /srv/alice"; };
        }
      '';
      description = "Shell code run at boot and at each switch, as root. It must be quick, and harmless when run again.";
    };
    userActivationScripts = mkOption {
      type = snippets;
      default = { };
      description = "Shell code run for each user when the system is switched.";
    };
  };
  config.system.activationPlan = {
    steps = map entry order;
    path = lib.makeBinPath [
      pkgs.coreutils
      pkgs.gnugrep
      pkgs.findutils
      pkgs.util-linux
      pkgs.gnused
    ];
  };
}
