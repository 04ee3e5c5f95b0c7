# keepalived: addresses that move to another machine, by VRRP.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.keepalived;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names;
  ipOptions.options = {
    addr = mkOption {
      type = types.str;
      description = "The address, with the length of its network.";
    };
    brd = maybe types.str "Address of broadcasts.";
    dev = maybe types.str "Interface.";
    scope = maybe (types.enum [ "site" "link" "host" "nowhere" "global" ]) "How far it reaches.";
    label = maybe types.str "Label.";
  };
  ips = description: mkOption {
    type = types.listOf (types.submodule ipOptions);
    default = [ ];
    inherit description;
  };
  instanceOptions.options = {
    interface = mkOption {
      type = types.str;
      description = "Interface on which machines talk to each other.";
    };
    state = mkOption {
      type = types.enum [ "MASTER" "BACKUP" ];
      default = "BACKUP";
      description = "What the machine is at first.";
    };
    virtualRouterId = mkOption {
      type = types.ints.between 1 255;
      description = "Number of the group of machines.";
    };
    priority = mkOption {
      type = types.int;
      default = 100;
      description = "The machine with the highest has the address.";
    };
    noPreempt = flag false "Whether it leaves the address to one that has it already.";
    useVmac = flag false "Whether the address gets a hardware address of its own.";
    vmacInterface = maybe types.str "Interface of that.";
    vmacXmitBase = flag false "Whether messages leave by the base interface.";
    unicastSrcIp = maybe types.str "Address from which others are told, one by one.";
    unicastPeers = names "Addresses of the others.";
    virtualIps = ips "Addresses that move.";
    trackScripts = names "Scripts on which it depends.";
    trackInterfaces = names "Interfaces on which it depends.";
    extraConfig = lines "Lines of the instance.";
  };
  scriptOptions.options = {
    script = mkOption {
      type = types.str;
      description = "The command.";
    };
    interval = mkOption {
      type = types.int;
      default = 1;
      description = "Seconds between runs.";
    };
    timeout = mkOption {
      type = types.int;
      default = 5;
      description = "Seconds after which it failed.";
    };
    weight = mkOption {
      type = types.int;
      default = 0;
      description = "What is added to the priority.";
    };
    rise = mkOption {
      type = types.int;
      default = 5;
      description = "How many successes count.";
    };
    fall = mkOption {
      type = types.int;
      default = 3;
      description = "How many failures count.";
    };
    user = mkOption {
      type = types.str;
      default = "keepalived_script";
      description = "User it runs as.";
    };
    group = maybe types.str "Group it runs as.";
    extraConfig = lines "Lines of the script.";
  };
  maybeText = word: value: lib.optionalString (value != null) " ${word} ${value}";
  ip = i: "    ${i.addr}${maybeText "brd" i.brd}${maybeText "dev" i.dev}${maybeText "scope" i.scope}${maybeText "label" i.label}\n";
  block = name: items: lib.optionalString (items != [ ]) "  ${name} {\n${lib.concatMapStrings (item: "    ${item}\n") items}  }\n";
  script = name: s: ''
    vrrp_script ${name} {
      script "${s.script}"
      interval ${toString s.interval}
      fall ${toString s.fall}
      rise ${toString s.rise}
      timeout ${toString s.timeout}
      weight ${toString s.weight}
      user ${s.user} ${lib.optionalString (s.group != null) s.group}
    ${s.extraConfig}
    }
  '';
  instance = name: i:
    ''
      vrrp_instance ${name} {
        interface ${i.interface}
        state ${i.state}
        virtual_router_id ${toString i.virtualRouterId}
        priority ${toString i.priority}
    ''
    + lib.optionalString i.noPreempt "  nopreempt\n"
    + lib.optionalString i.useVmac "  use_vmac ${lib.optionalString (i.vmacInterface != null) i.vmacInterface}\n"
    + lib.optionalString i.vmacXmitBase "  vmac_xmit_base\n"
    + lib.optionalString (i.unicastSrcIp != null) "  unicast_src_ip ${i.unicastSrcIp}\n"
    + block "unicast_peer" i.unicastPeers
    + "  virtual_ipaddress {\n${lib.concatMapStrings ip i.virtualIps}  }\n"
    + block "track_script" i.trackScripts
    + block "track_interface" i.trackInterfaces
    + i.extraConfig
    + "}\n";
  file = pkgs.writeText "keepalived.conf" (
    "global_defs {\n"
    + lib.optionalString cfg.enableScriptSecurity "  enable_script_security\n"
    + lib.optionalString cfg.snmp.enable "  enable_snmp_vrrp\n"
    + cfg.extraGlobalDefs
    + "}\n"
    + lib.concatStrings (lib.mapAttrsToList script cfg.vrrpScripts)
    + lib.concatStrings (lib.mapAttrsToList instance cfg.vrrpInstances)
    + cfg.extraConfig
  );
  final = if cfg.secretFile == null then file else "/run/keepalived/keepalived.conf";
in
{
  options.services.keepalived = {
    enable = flag false "Whether keepalived runs.";
    package = lib.mkPackageOption pkgs "keepalived" { };
    openFirewall = flag false "Whether its messages pass the firewall.";
    enableScriptSecurity = flag false "Whether scripts that others than root may change are refused.";
    snmp.enable = flag false "Whether it answers by SNMP.";
    vrrpScripts = mkOption {
      type = types.attrsOf (types.submodule scriptOptions);
      default = { };
      description = "Scripts that say how well the machine is.";
    };
    vrrpInstances = mkOption {
      type = types.attrsOf (types.submodule instanceOptions);
      default = { };
      description = "Groups of addresses.";
    };
    extraGlobalDefs = lines "Lines of `global_defs`.";
    extraConfig = lines "Lines of `keepalived.conf`.";
    secretFile = maybe types.path "File of variables that settings name.";
  };
  config = lib.mkIf cfg.enable {
    networking.firewall.extraCommands = lib.mkIf cfg.openFirewall "iptables -A nixos-fw -p vrrp -j ACCEPT\n";
    systemd.timers.keepalived-boot-delay = {
      description = "Keepalive Daemon delay to avoid instant transition to MASTER state";
      after = [ "network.target" "network-online.target" "syslog.target" ];
      requires = [ "network-online.target" ];
      wantedBy = [ "multi-user.target" ];
      timerConfig = {
        OnActiveSec = "5s";
        Unit = "keepalived.service";
      };
    };
    systemd.services.keepalived = {
      description = "Keepalive Daemon (LVS and VRRP)";
      after = [ "network.target" "network-online.target" "syslog.target" ];
      wants = [ "network-online.target" ];
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/keepalived.pid";
        KillMode = "process";
        RuntimeDirectory = "keepalived";
        EnvironmentFile = lib.optional (cfg.secretFile != null) cfg.secretFile;
        ExecStartPre = lib.optional (cfg.secretFile != null) "${pkgs.writeShellScript "keepalived-secrets" ''
          umask 077
          ${pkgs.envsubst or pkgs.gettext}/bin/envsubst -i ${file} > ${final}
        ''}";
        ExecStart = "${cfg.package}/bin/keepalived -f ${final} -p /run/keepalived.pid ${lib.optionalString cfg.snmp.enable "--snmp"}";
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        Restart = "always";
        RestartSec = "1s";
      };
    };
  };
}
