# systemd-resolved: name look-ups with a cache.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.resolved;
in
{
  options.services.resolved = {
    enable = mkOption {
      type = types.bool;
      default = config.systemd.network.enable;
      defaultText = lib.literalExpression "config.systemd.network.enable";
      description = "Whether systemd-resolved answers name look-ups.";
    };
    fallbackDns = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      description = "Servers asked when no others are known.";
    };
    domains = mkOption {
      type = types.listOf types.str;
      default = config.networking.search;
      description = "Domains in which short names are looked up.";
    };
    llmnr = mkOption {
      type = types.enum [ "true" "resolve" "false" ];
      default = "true";
      description = "Whether names on the local link are resolved.";
    };
    dnssec = mkOption {
      type = types.enum [ "true" "allow-downgrade" "false" ];
      default = "false";
      description = "Whether answers must be signed.";
    };
    dnsovertls = mkOption {
      type = types.enum [ "true" "opportunistic" "false" ];
      default = "false";
      description = "Whether look-ups are encrypted.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of `resolved.conf`.";
    };
  };
  config = lib.mkMerge [
    # systemd's own rule would link resolv.conf to a service that does not run.
    (lib.mkIf (!cfg.enable) { environment.etc."tmpfiles.d/systemd-resolve.conf".source = "/dev/null"; })
    (lib.mkIf cfg.enable {
    environment.etc = {
      "systemd/resolved.conf".text = ''
        [Resolve]
        ${lib.optionalString (config.networking.nameservers != [ ]) "DNS=${toString config.networking.nameservers}\n"}${
          lib.optionalString (cfg.fallbackDns != null) "FallbackDNS=${toString cfg.fallbackDns}\n"
        }${lib.optionalString (cfg.domains != [ ]) "Domains=${toString cfg.domains}\n"}LLMNR=${cfg.llmnr}
        DNSSEC=${cfg.dnssec}
        DNSOverTLS=${cfg.dnsovertls}
        ${cfg.extraConfig}'';
      "resolv.conf" = {
        source = "/run/systemd/resolve/stub-resolv.conf";
        mode = "direct-symlink";
      };
    };
    systemd.services.systemd-resolved = {
      overrideStrategy = "asDropin";
      enableDefaultPath = false;
      wantedBy = [ "multi-user.target" ];
      aliases = [ "dbus-org.freedesktop.resolve1.service" ];
    };
    })
  ];
}
