# sudo: commands as another user.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.security.sudo;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag;
  commandType = types.either types.str (
    types.submodule {
      options = {
        command = mkOption {
          type = types.str;
          description = "The command.";
        };
        options = mkOption {
          type = types.listOf types.str;
          default = [ ];
          description = "Tags such as NOPASSWD.";
        };
      };
    }
  );
  ruleType = types.submodule {
    options = {
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
      host = mkOption {
        type = types.str;
        default = "ALL";
        description = "Machine the rule is for.";
      };
      runAs = mkOption {
        type = types.str;
        default = "ALL:ALL";
        description = "As whom commands may run.";
      };
      commands = mkOption {
        type = types.listOf commandType;
        description = "Commands that may run.";
      };
    };
  };
  userName = user: if lib.isInt user then "#${toString user}" else user;
  groupName = group: if lib.isInt group then "%#${toString group}" else "%${group}";
  commandText =
    c:
    if lib.isString c then
      c
    else
      lib.concatStrings (map (tag: "${tag}:") c.options) + lib.optionalString (c.options != [ ]) " " + c.command;
  ruleText =
    rule:
    lib.optionalString (rule.commands != [ ]) (
      lib.concatMapStrings (
        who: "${who}\t${rule.host}=(${rule.runAs})\t${lib.concatMapStringsSep ", " commandText rule.commands}\n"
      ) (map userName rule.users ++ map groupName rule.groups)
    );
  wheelRule = {
    groups = [ "wheel" ];
    users = [ ];
    host = "ALL";
    runAs = "ALL:ALL";
    commands = [
      {
        command = "ALL";
        options = [ "SETENV" ] ++ lib.optional (!cfg.wheelNeedsPassword) "NOPASSWD";
      }
    ];
  };
in
{
  options.security.sudo = {
    enable = flag true "Whether sudo is there.";
    package = mkOption {
      type = types.package;
      default = pkgs.sudo;
      defaultText = lib.literalExpression "pkgs.sudo";
      description = "The package of sudo.";
    };
    wheelNeedsPassword = flag true "Whether members of `wheel` give their password.";
    execWheelOnly = flag false "Whether only members of `wheel` can run sudo at all.";
    keepTerminfo = flag true "Whether the terminal's description is kept.";
    extraRules = mkOption {
      type = types.listOf ruleType;
      default = [ ];
      description = "Who may run what.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `sudoers`.";
    };
    configFile = mkOption {
      type = types.lines;
      internal = true;
      default = ''
        # Made from `security.sudo`.
        Defaults env_keep+=SSH_AUTH_SOCK
        ${lib.optionalString cfg.keepTerminfo "Defaults:root,%wheel env_keep+=TERMINFO_DIRS\nDefaults:root,%wheel env_keep+=TERMINFO"}
        root ALL=(ALL:ALL) SETENV: ALL
        ${ruleText wheelRule}${lib.concatMapStrings ruleText cfg.extraRules}${cfg.extraConfig}
      '';
      description = "Text of `sudoers`.";
    };
  };
  config = lib.mkIf cfg.enable {
    environment.etc.sudoers = {
      text = cfg.configFile;
      mode = "0440";
    };
    environment.corePackages = [ cfg.package ];
    security.pam.services.sudo = { };
    security.wrappers =
      let
        wrapper = program: {
          source = "${cfg.package}/bin/${program}";
          owner = "root";
          group = if cfg.execWheelOnly then "wheel" else "root";
          setuid = true;
          permissions = if cfg.execWheelOnly then "u+rx,g+x" else "u+rx,g+x,o+x";
        };
      in
      {
        sudo = wrapper "sudo";
        sudoedit = wrapper "sudoedit";
      };
  };
}
