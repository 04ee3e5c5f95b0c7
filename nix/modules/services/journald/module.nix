# The journal.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.journald;
in
{
  options.services.journald = {
    storage = mkOption {
      type = types.enum [ "persistent" "volatile" "auto" "none" ];
      default = "persistent";
      description = "Where the journal is kept.";
    };
    console = mkOption {
      type = types.str;
      default = "";
      description = "Terminal to which messages are written as well.";
    };
    rateLimitInterval = mkOption {
      type = types.str;
      default = "30s";
      description = "Interval over which messages are counted.";
    };
    rateLimitBurst = mkOption {
      type = types.int;
      default = 10000;
      description = "How many messages of a service are kept in each interval.";
    };
    forwardToSyslog = mkOption {
      type = types.bool;
      default = false;
      description = "Whether messages are passed to a syslog server on the machine.";
    };
    audit = mkOption {
      type = types.nullOr (types.either types.bool (types.enum [ "keep" ]));
      default = null;
      description = "Whether the kernel's audit messages are recorded.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "SystemMaxUse=100M";
      description = "Lines of `journald.conf`.";
    };
  };
  config.environment.etc."systemd/journald.conf".text = ''
    [Journal]
    Storage=${cfg.storage}
    RateLimitInterval=${cfg.rateLimitInterval}
    RateLimitBurst=${toString cfg.rateLimitBurst}
    ${lib.optionalString (cfg.console != "") "ForwardToConsole=yes\nTTYPath=${cfg.console}\n"}${
      lib.optionalString cfg.forwardToSyslog "ForwardToSyslog=yes\n"
    }${cfg.extraConfig}'';
}
