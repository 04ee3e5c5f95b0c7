# fail2ban: addresses that try too often are kept out for a while.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe names text;
  cfg = config.services.fail2ban;
  format = pkgs.formats.ini { mkKeyValue = lib.generators.mkKeyValueDefault { } " = "; };
  upstream = "${cfg.package}/etc/fail2ban";

  asSets = lib.filterAttrs (_: builtins.isAttrs) cfg.jails;
  asTexts = lib.filterAttrs (_: text: builtins.isString text && text != "") cfg.jails;
  # A filter of the jail's own has the jail's name.
  jail =
    name: values:
    lib.optionalAttrs (name != "DEFAULT") { inherit (values) enabled; }
    // lib.optionalAttrs (values.filter != null) {
      filter = if builtins.isString values.filter then values.filter else name;
    }
    // values.settings;
  jails = pkgs.concatText "jail.local" [
    (format.generate "jails" ({ INCLUDES.before = "paths-nixos.conf"; } // lib.mapAttrs jail asSets))
    (pkgs.writeText "further-jails" (lib.concatStrings (lib.mapAttrsToList (name: text: "[${name}]\n${text}\n") asTexts)))
  ];
  daemon = format.generate "fail2ban.local" cfg.daemonSettings;
  paths = pkgs.writeText "paths-nixos.conf" ''
    [INCLUDES]
    before = paths-common.conf
    after = paths-overrides.local

    [DEFAULT]
  '';
  ownFilters = lib.filterAttrs (_: values: builtins.isAttrs values.filter) asSets;
  filters = pkgs.runCommandLocal "fail2ban-filters" { } (
    ''
      mkdir $out
      ln -s ${upstream}/filter.d/* $out/
    ''
    + lib.concatStrings (
      lib.mapAttrsToList (name: values: "ln -sf ${format.generate "${name}.conf" values.filter} $out/${name}.conf\n") ownFilters
    )
  );
  increment = lib.filterAttrs (_: value: value != null) (removeAttrs cfg.bantime-increment [ "enable" ]);
  tool = config.networking.nftables.enable;
in
{
  imports = [
    (lib.mkRemovedOptionModule [ "services" "fail2ban" "daemonConfig" ] "Use `services.fail2ban.daemonSettings`.")
    (lib.mkRemovedOptionModule [ "services" "fail2ban" "extraSettings" ] "Use `services.fail2ban.jails.DEFAULT.settings`.")
  ];

  options.services.fail2ban = {
    enable = lib.mkEnableOption "fail2ban, which keeps addresses out that try too often";
    package = lib.mkPackageOption pkgs "fail2ban" { };
    packageFirewall = mkOption {
      type = types.package;
      default = config.networking.firewall.package;
      defaultText = lib.literalExpression "config.networking.firewall.package";
      description = "The program that changes packet filters.";
    };
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Programs for actions.";
    };
    bantime = text "10m" "For how long.";
    maxretry = mkOption {
      type = types.ints.unsigned;
      default = 3;
      description = "After how many failures.";
    };
    banaction = mkOption {
      type = types.str;
      default = if tool then "nftables-multiport" else "iptables-multiport";
      defaultText = lib.literalMD "by the kind of packet filter";
      description = "How an address is kept out.";
    };
    banaction-allports = mkOption {
      type = types.str;
      default = if tool then "nftables-allports" else "iptables-allports";
      defaultText = lib.literalMD "by the kind of packet filter";
      description = "How an address is kept out of all ports.";
    };
    bantime-increment = {
      enable = flag false "Whether who comes again is kept out for longer.";
      rndtime = maybe types.str "Longest random time that is added.";
      maxtime = maybe types.str "Longest time.";
      factor = maybe types.str "Factor.";
      formula = maybe types.str "Formula of the time.";
      multipliers = maybe types.str "Factors, one time after the other.";
      overalljails = maybe types.bool "Whether all jails count together.";
    };
    ignoreIP = names "Addresses that are never kept out.";
    daemonSettings = mkOption {
      inherit (format) type;
      default = { };
      description = "Settings of the daemon, `fail2ban.conf`.";
    };
    jails = mkOption {
      type = types.attrsOf (
        types.either types.lines (
          types.submodule {
            options = {
              enabled = flag true "Whether the jail is on.";
              filter = maybe (types.either types.str format.type) "A filter by name, or as its configuration.";
              settings = mkOption {
                type = format.type.nestedTypes.elemType;
                default = { };
                description = "Settings.";
              };
            };
          }
        )
      );
      default = { };
      description = "What is watched, and what happens then: settings, or lines, by name.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.bantime-increment.formula == null || cfg.bantime-increment.multipliers == null;
        message = "services.fail2ban.bantime-increment: only one of `formula` and `multipliers` may be set.";
      }
    ];
    warnings = lib.optional (
      !config.networking.firewall.enable && !config.networking.nftables.enable
    ) "fail2ban can not be used without a firewall";
    services.fail2ban.daemonSettings.Definition = {
      logtarget = mkDefault "SYSLOG";
      socket = mkDefault "/run/fail2ban/fail2ban.sock";
      pidfile = mkDefault "/run/fail2ban/fail2ban.pid";
      dbfile = mkDefault "/var/lib/fail2ban/fail2ban.sqlite3";
    };
    services.fail2ban.jails = {
      DEFAULT.settings = {
        inherit (cfg) banaction maxretry bantime;
        banaction_allports = cfg.banaction-allports;
        ignoreip = lib.concatStringsSep " " (
          [ "127.0.0.1/8" ] ++ lib.optional config.networking.enableIPv6 "::1" ++ cfg.ignoreIP
        );
        backend = "systemd";
      }
      // lib.optionalAttrs cfg.bantime-increment.enable (
        { "bantime.increment" = true; } // lib.mapAttrs' (name: lib.nameValuePair "bantime.${name}") increment
      );
      sshd = lib.mkIf config.services.openssh.enable {
        settings.port = mkDefault (lib.concatMapStringsSep "," toString config.services.openssh.ports);
      };
    };
    # Failed logins are told only then.
    services.openssh.settings.LogLevel = mkDefault "VERBOSE";
    environment.systemPackages = [ cfg.package ];
    environment.etc = {
      "fail2ban/fail2ban.local".source = daemon;
      "fail2ban/jail.local".source = jails;
      "fail2ban/paths-nixos.conf".source = paths;
      "fail2ban/filter.d".source = filters;
    }
    // lib.genAttrs' [ "fail2ban.conf" "jail.conf" "paths-common.conf" "action.d" ] (
      name: lib.nameValuePair "fail2ban/${name}" { source = "${upstream}/${name}"; }
    );
    systemd.packages = [ cfg.package ];
    systemd.services.fail2ban = {
      wantedBy = [ "multi-user.target" ];
      partOf = lib.optional config.networking.firewall.enable "firewall.service";
      restartTriggers = [ daemon jails paths filters ];
      path = [ cfg.package cfg.packageFirewall pkgs.iproute2 ] ++ lib.optional (!tool) pkgs.iptables ++ cfg.extraPackages;
      serviceConfig = {
        # The package's unit names programs in /usr, which do not find their modules.
        ExecStart = [ "" "${cfg.package}/bin/fail2ban-server -xf start" ];
        ExecStop = [ "" "${cfg.package}/bin/fail2ban-client stop" ];
        ExecReload = [ "" "${cfg.package}/bin/fail2ban-client reload" ];
        CapabilityBoundingSet = [ "CAP_AUDIT_READ" "CAP_DAC_READ_SEARCH" "CAP_NET_ADMIN" "CAP_NET_RAW" ];
        NoNewPrivileges = true;
        RuntimeDirectory = "fail2ban";
        RuntimeDirectoryMode = "0750";
        StateDirectory = "fail2ban";
        StateDirectoryMode = "0750";
        LogsDirectory = "fail2ban";
        LogsDirectoryMode = "0750";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateDevices = true;
        ProtectHostname = true;
        ProtectKernelTunables = true;
        ProtectKernelModules = true;
        ProtectControlGroups = true;
      };
    };
  };
}
