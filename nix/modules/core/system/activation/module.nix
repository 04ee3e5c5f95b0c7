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
  inOrder = import ./order.nix { inherit lib; };
  order = inOrder all (lib.attrNames all);
  forUsers = cfg.userActivationScripts;
  # What is left undone by one snippet stops no other, and is told in the end.
  userScript = ''
    set +e
    status=0
    trap 'status=1' ERR
    ${lib.concatMapStringsSep "\n" (name: "# ${name}\n${forUsers.${name}.text}") (inOrder forUsers (lib.attrNames forUsers))}
    exit $status
  '';
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
      description = "Shell code run for each user, as that user: at login and when the system is switched.";
    };
  };
  # A switch restarts it for each user whose service manager runs.
  config.systemd.user.services = lib.mkIf (forUsers != { }) {
    nixos-activation = {
      description = "Activation of the user's own";
      wantedBy = [ "default.target" ];
      unitConfig.ConditionUser = "!@system";
      serviceConfig.Type = "oneshot";
      enableDefaultPath = false;
      path = [ pkgs.coreutils pkgs.gnugrep pkgs.findutils pkgs.util-linux pkgs.gnused ];
      script = userScript;
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
