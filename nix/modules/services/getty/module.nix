# Login prompts on consoles.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.getty;
  arguments =
    lib.optional (cfg.autologinUser != null) "--autologin ${cfg.autologinUser}"
    ++ lib.optional (cfg.loginOptions != null) "--login-options '${cfg.loginOptions}'"
    ++ cfg.extraArgs;
  command = extra: "-/sbin/agetty ${lib.concatStringsSep " " (arguments ++ extra)}";
  machine = !config.boot.isContainer;
  lines = lib.filter (lib.hasPrefix "tty") serial;
  serial = lib.filter (name: name != null) (
    map (
      param:
      let
        found = builtins.match "console=(ttyS[0-9]+|hvc[0-9]+|ttyAMA[0-9]+).*" param;
      in
      if found == null then null else lib.head found
    ) config.boot.kernelParams
  );
in
{
  options.services.getty = {
    autologinUser = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "User who is logged in on consoles without being asked.";
    };
    autologinOnce = mkOption {
      type = types.bool;
      default = false;
      description = "Whether that happens only once in each boot.";
    };
    loginProgram = mkOption {
      type = types.path;
      default = "/bin/login";
      description = "The program that logs users in.";
    };
    loginOptions = mkOption {
      type = types.nullOr types.str;
      default = null;
      description = "Arguments of that program.";
    };
    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Arguments of agetty.";
    };
    greetingLine = mkOption {
      type = types.str;
      default = "<<< Welcome to ${config.system.nixos.distroName} ${config.system.nixos.label} (\\m) - \\l >>>";
      defaultText = lib.literalExpression "a line with the system's label";
      description = "First line above a login prompt.";
    };
    helpLine = mkOption {
      type = types.lines;
      default = "";
      description = "Line below it.";
    };
  };
  config = lib.mkMerge [
    {
      environment.etc.issue.text = "${cfg.greetingLine}\n${cfg.helpLine}\n";
    }
    (lib.mkIf (machine && config.console.enable) {
      # The first console has a prompt; logind starts others when one switches to them.
      # With the terminal's name among its arguments, by which people and tests find the program.
      systemd.services."getty@" = {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        restartIfChanged = false;
        serviceConfig.ExecStart = [ "" (command [ "--noclear" "--keep-baud" "%I 115200,38400,9600" "$TERM" ]) ];
      };
      systemd.services."serial-getty@" = lib.mkIf (arguments != [ ]) {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        restartIfChanged = false;
        serviceConfig.ExecStart = [ "" (command [ "--keep-baud" "115200,57600,38400,9600" "%I" "$TERM" ]) ];
      };
    })
    (lib.mkIf (machine && config.console.enable) {
      # No unit of its own: that would stand for the drop-in of all serial lines.
      systemd.targets.getty = lib.mkIf (lines != [ ]) {
        wants = map (name: "serial-getty@${name}.service") lines;
      };
    })
    (lib.mkIf (!machine) {
      systemd.suppressedSystemUnits = [ "console-getty.service" "getty@tty1.service" ];
    })
  ];
}
