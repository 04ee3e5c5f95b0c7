# doas: commands as another user.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  cfg = config.security.doas;
  option = wanted: text: lib.optional wanted text;
  arguments =
    rule:
    if rule.args == null then
      [ ]
    else if rule.args == [ ] then
      [ "args" ]
    else
      [ "args" ] ++ map (argument: ''"${argument}"'') rule.args;
  rest =
    rule:
    option rule.noPass "nopass"
    ++ option rule.noLog "nolog"
    ++ option rule.persist "persist"
    ++ option rule.keepEnv "keepenv"
    # What terminals and agents need is kept in any case.
    ++ [ "setenv { SSH_AUTH_SOCK TERMINFO TERMINFO_DIRS ${lib.concatStringsSep " " rule.setEnv} }" ];
  target =
    rule:
    lib.optionals (rule.runAs != null) [ "as" rule.runAs ]
    ++ lib.optionals (rule.cmd != null) ([ "cmd" rule.cmd ] ++ arguments rule);
  who = rule: map toString rule.users ++ map (group: ":${toString group}") rule.groups;
  ruleLines =
    rule: lib.concatMapStrings (name: "${lib.concatStringsSep " " ([ "permit" ] ++ rest rule ++ [ name ] ++ target rule)}\n") (who rule);
  ruleOptions.options = {
    noPass = flag false "Whether no password is asked for.";
    noLog = flag false "Whether nothing is logged.";
    persist = flag false "Whether the password is not asked for again for some time.";
    keepEnv = flag false "Whether the environment is kept.";
    setEnv = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "-SSH_AUTH_SOCK" "WAYLAND_DISPLAY" "HOME=/root" ];
      description = "Variables that are kept, set, or removed (with `-`).";
    };
    users = mkOption {
      type = types.listOf (types.either types.str types.int);
      default = [ ];
      description = "Users the rule is for.";
    };
    groups = mkOption {
      type = types.listOf (types.either types.str types.int);
      default = [ ];
      description = "Groups the rule is for.";
    };
    runAs = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "As whom commands may run; null for anybody.";
    };
    cmd = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "The command; null for any.";
    };
    args = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Its arguments; null for any.";
    };
  };
in
{
  options.security.doas = {
    enable = lib.mkEnableOption "doas, which runs commands as another user";
    package = lib.mkPackageOption pkgs "doas" { };
    wheelNeedsPassword = mkOption {
      type = types.bool;
      default = true;
      description = "Whether members of `wheel` are asked for their password.";
    };
    extraRules = mkOption {
      type = types.listOf (types.submodule ruleOptions);
      default = [ ];
      description = "Rules; the last one that fits counts.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Further lines of `doas.conf`.";
    };
  };
  config = lib.mkIf cfg.enable {
    security.doas.extraRules = lib.mkOrder 600 [
      {
        groups = [ "wheel" ];
        noPass = !cfg.wheelNeedsPassword;
      }
    ];
    security.wrappers.doas = {
      setuid = true;
      owner = "root";
      group = "root";
      source = "${cfg.package}/bin/doas";
    };
    environment.systemPackages = [ cfg.package ];
    security.pam.services.doas = { };
    environment.etc."doas.conf" = {
      mode = "0440";
      text = ''
        # Ssh's agent stays for members of wheel, as with sudo.
        permit nopass keepenv root
        ${lib.concatMapStrings ruleLines cfg.extraRules}${cfg.extraConfig}
      '';
    };
  };
}
