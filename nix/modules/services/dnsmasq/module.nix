# dnsmasq: names and addresses for a small network.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag names;
  cfg = config.services.dnsmasq;
  state = "/var/lib/dnsmasq";
  # resolvconf would hand these on.
  others = lib.filter (server: !lib.elem server [ "127.0.0.1" "::1" ]) config.networking.nameservers;
  # `true` is the name alone; `false` takes back what another module set.
  format = pkgs.formats.keyValue {
    mkKeyValue =
      name: value:
      if value == true then
        name
      else if value == false then
        "# ${name} is off"
      else
        lib.generators.mkKeyValueDefault { } "=" name value;
    listsAsDuplicateKeys = true;
  };
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "dnsmasq" "servers" ] [ "services" "dnsmasq" "settings" "server" ])
    (lib.mkRemovedOptionModule [ "services" "dnsmasq" "extraConfig" ] "Use `services.dnsmasq.settings`.")
  ];
  options.services.dnsmasq = {
    enable = lib.mkEnableOption "dnsmasq, names and addresses for a small network";
    package = lib.mkPackageOption pkgs "dnsmasq" { };
    resolveLocalQueries = flag true "Whether this machine asks it for all names.";
    alwaysKeepRunning = flag false "Whether it starts again also after it ended by itself.";
    settings = mkOption {
      type = types.submodule {
        freeformType = format.type;
        options.server = names "Servers that are asked.";
      };
      default = { };
      example = {
        domain-needed = true;
        dhcp-range = [ "192.168.0.2,192.168.0.254" ];
      };
      description = "The configuration, `dnsmasq.conf`: a list where a setting comes several times.";
    };
    configFile = mkOption {
      type = types.package;
      readOnly = true;
      default = format.generate "dnsmasq.conf" cfg.settings;
      defaultText = lib.literalMD "made from `settings`";
      description = "The file of the configuration.";
    };
  };
  config = lib.mkIf cfg.enable {
    services.dnsmasq.settings = {
      dhcp-leasefile = mkDefault "${state}/dnsmasq.leases";
      # resolv.conf names only dnsmasq itself: who is asked comes from here.
      no-resolv = lib.mkIf (cfg.resolveLocalQueries && others != [ ]) (mkDefault true);
      server = lib.mkIf cfg.resolveLocalQueries others;
    };
    networking.nameservers = lib.optional cfg.resolveLocalQueries "127.0.0.1";
    networking.resolvconf.useLocalResolver = lib.mkIf cfg.resolveLocalQueries (mkDefault true);
    services.dbus.packages = [ cfg.package ];
    users.users.dnsmasq = {
      isSystemUser = true;
      group = "dnsmasq";
      description = "Dnsmasq daemon user";
    };
    users.groups.dnsmasq = { };
    systemd.services.dnsmasq = {
      description = "Dnsmasq Daemon";
      after = [ "network.target" "systemd-resolved.service" ];
      wantedBy = [ "multi-user.target" ];
      path = [ cfg.package ];
      preStart = ''
        mkdir -m 755 -p ${state}
        touch ${state}/dnsmasq.leases
        chown -R dnsmasq ${state}
        dnsmasq --test -C ${cfg.configFile}
      '';
      serviceConfig = {
        Type = "dbus";
        BusName = "uk.org.thekelleys.dnsmasq";
        ExecStart = "${cfg.package}/bin/dnsmasq -k --enable-dbus --user=dnsmasq -C ${cfg.configFile}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        PrivateTmp = true;
        ProtectSystem = true;
        ProtectHome = true;
        Restart = if cfg.alwaysKeepRunning then "always" else "on-failure";
      };
      restartTriggers = [ config.environment.etc.hosts.source ];
    };
  };
}
