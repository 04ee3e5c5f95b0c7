# The firewall: connections from outside reach only what is opened here. One nftables table.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.networking.firewall;
  nft = config.networking.nftables;

  portRange = types.submodule {
    options = {
      from = mkOption {
        type = types.port;
        description = "First port.";
      };
      to = mkOption {
        type = types.port;
        description = "Last port.";
      };
    };
  };
  ports =
    description:
    mkOption {
      type = types.listOf types.port;
      default = [ ];
      apply = list: lib.unique (lib.sort lib.lessThan list);
      inherit description;
    };
  ranges =
    description:
    mkOption {
      type = types.listOf portRange;
      default = [ ];
      example = [
        {
          from = 8999;
          to = 9003;
        }
      ];
      inherit description;
    };
  opened = {
    allowedTCPPorts = ports "TCP ports open to connections from outside.";
    allowedTCPPortRanges = ranges "Ranges of open TCP ports.";
    allowedUDPPorts = ports "UDP ports open to packets from outside.";
    allowedUDPPortRanges = ranges "Ranges of open UDP ports.";
  };
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag lines;

  portSet =
    single: range:
    lib.concatStringsSep ", " (
      map toString single ++ map (r: "${toString r.from}-${toString r.to}") range
    );
  accept =
    interface: protocol: single: range:
    lib.optionalString (single != [ ] || range != [ ])
      "    ${lib.optionalString (interface != "default") "iifname ${builtins.toJSON interface} "}${protocol} dport { ${portSet single range} } accept\n";
  acceptAll =
    interface: o:
    accept interface "tcp" o.allowedTCPPorts o.allowedTCPPortRanges
    + accept interface "udp" o.allowedUDPPorts o.allowedUDPPortRanges;
  names = list: lib.concatMapStringsSep ", " builtins.toJSON list;
  log = condition: kind: match: lib.optionalString condition "    ${match}log level info prefix \"${kind}: \"\n";

  ruleset = ''
    table inet nixos-fw {
    ${lib.optionalString (cfg.checkReversePath != false) ''
      chain rpfilter {
        type filter hook prerouting priority mangle + 10; policy drop;
        meta nfproto ipv4 udp sport . udp dport { 67 . 68, 68 . 67 } accept
        fib saddr . mark ${lib.optionalString (cfg.checkReversePath != "loose") ". iif "}oif exists accept
        ${cfg.extraReversePathFilterRules}
      }
    ''}
      chain input {
        type filter hook input priority filter; policy drop;
        iifname { ${names ([ "lo" ] ++ lib.subtractLists [ "lo" ] cfg.trustedInterfaces)} } accept
        ct state vmap { invalid : drop, established : accept, related : accept, new : jump input-allow, untracked : jump input-allow }
    ${log cfg.logRefusedConnections "refused connection" "tcp flags syn / fin,syn,rst,ack "}${
      log cfg.logRefusedPackets "refused packet" ""
    }${lib.optionalString cfg.rejectPackets ''
      meta l4proto tcp reject with tcp reset
      reject
    ''}  }
      chain input-allow {
    ${acceptAll "default" cfg}${
      lib.concatStrings (lib.mapAttrsToList acceptAll (removeAttrs cfg.interfaces [ "default" ]))
    }${lib.optionalString cfg.allowPing "    icmp type echo-request ${
      lib.optionalString (cfg.pingLimit != null) "limit rate ${cfg.pingLimit} "
    }accept\n"}    icmpv6 type != { nd-redirect, 139 } accept
        ip6 daddr fe80::/64 udp dport 546 accept
        ${cfg.extraInputRules}
      }
    ${lib.optionalString cfg.filterForward ''
      chain forward {
        type filter hook forward priority filter; policy drop;
        ct state vmap { invalid : drop, established : accept, related : accept, new : jump forward-allow, untracked : jump forward-allow }
      }
      chain forward-allow {
        icmpv6 type != { router-renumbering, 139 } accept
        ct status dnat accept
        ${cfg.extraForwardRules}
      }
    ''}}
  '';
  rules =
    lib.optionalString cfg.enable "table inet nixos-fw\ndelete table inet nixos-fw\n${ruleset}"
    + lib.concatStrings (
      lib.mapAttrsToList (
        name: table:
        lib.optionalString table.enable "table ${table.family} ${table.name}\ndelete table ${table.family} ${table.name}\ntable ${table.family} ${table.name} {\n${table.content}\n}\n"
      ) nft.tables
    )
    + lib.optionalString (nft.rulesetFile != null) "include \"${nft.rulesetFile}\"\n"
    + nft.ruleset;
  rulesFile = import ../../../../build/tree.nix {
    system = pkgs.stdenv.hostPlatform.system;
    name = "nftables-rules";
    entries."" = {
      text = rules;
    };
  };
  clear = import ../../../../build/tree.nix {
    system = pkgs.stdenv.hostPlatform.system;
    name = "nftables-clear";
    entries."".text = "table inet nixos-fw\ndelete table inet nixos-fw\n";
  };
  wanted = cfg.enable || nft.enable;
  unit = if nft.enable then "nftables" else "firewall";
  nftProgram = "${pkgs.nftables}/bin/nft";
  legacy = cfg.extraCommands != "" || cfg.extraStopCommands != "";
  # What the rules above are made of. The kernel would load most of these when `nft` names them, by one
  # process each; together and beforehand is quicker, and a machine that lacks one says so.
  kernelModules = [
    "nf_tables"
    "nft_ct"
    "nft_log"
    "nf_log_syslog"
    "nft_limit"
  ]
  ++ lib.optional cfg.rejectPackets "nft_reject_inet"
  ++ lib.optional (cfg.checkReversePath != false) "nft_fib_inet";
in
{
  options.networking.firewall = opened // {
    enable = flag true "Whether the firewall is on.";
    package = mkOption {
      type = types.package;
      default = pkgs.nftables;
      defaultText = lib.literalExpression "pkgs.nftables";
      description = "Package whose program sets the rules.";
    };
    backend = mkOption {
      type = types.enum [ "nftables" "iptables" ];
      default = "nftables";
      description = "What filters packets. Here it is always nftables.";
    };
    logRefusedConnections = flag true "Whether refused connections are logged.";
    logRefusedPackets = flag false "Whether refused packets are logged.";
    logRefusedUnicastsOnly = flag true "Whether only packets sent to this machine are logged.";
    logReversePathDrops = flag false "Whether packets that fail the reverse path test are logged.";
    rejectPackets = flag false "Whether refused packets are answered instead of dropped.";
    allowPing = flag true "Whether the machine answers pings.";
    pingLimit = mkOption {
      type = types.nullOr (types.separatedString " ");
      default = null;
      example = "2/second";
      description = "How many pings are answered.";
    };
    checkReversePath = mkOption {
      type = types.either types.bool (types.enum [ "strict" "loose" ]);
      default = false;
      description = "Whether packets are dropped when an answer would leave by another interface.";
    };
    trustedInterfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Interfaces whose packets are all accepted.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule { options = opened; });
      default = { };
      description = "Ports open on single interfaces.";
    };
    allInterfaces = mkOption {
      internal = true;
      visible = false;
      type = types.attrs;
      default = {
        default = cfg;
      }
      // cfg.interfaces;
      description = "Opened ports by interface.";
    };
    filterForward = flag false "Whether forwarded packets are filtered as well.";
    extraInputRules = lines "Rules in nftables' language for packets to this machine.";
    extraForwardRules = lines "Rules in nftables' language for forwarded packets.";
    extraReversePathFilterRules = lines "Rules in nftables' language for the reverse path test.";
    extraCommands = lines "Shell commands (iptables) run after the firewall has started.";
    extraStopCommands = lines "Shell commands (iptables) run when the firewall stops.";
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages in the PATH of the commands above.";
    };
    connectionTrackingModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Helpers of connection tracking.";
    };
    autoLoadConntrackHelpers = flag false "Whether helpers of connection tracking are loaded when needed.";
  };
  options.networking.nftables = {
    enable = flag false "Whether the machine's rules are nftables'.";
    ruleset = lines "Rules in nftables' language, loaded after the firewall's.";
    rulesetFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      description = "File of rules in nftables' language.";
    };
    flushRuleset = flag false "Whether all other rules are removed first.";
    checkRuleset = flag true "Whether the rules are checked when they are built.";
    tables = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              enable = flag true "Whether the table is there.";
              name = mkOption {
                type = types.str;
                default = name;
                description = "Name of the table.";
              };
              content = lines "Chains and sets of the table.";
              family = mkOption {
                type = types.enum [ "ip" "ip6" "inet" "arp" "bridge" "netdev" ];
                description = "Family of the table.";
              };
            };
          }
        )
      );
      default = { };
      description = "Tables by name; only these are replaced when the rules change.";
    };
  };

  config = mkIf wanted {
    boot.kernelModules = mkIf (!config.boot.isContainer) kernelModules;
    systemd.services.${unit} = {
      description = "Firewall";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-pre.target" ];
      after = [ "systemd-modules-load.service" ];
      before = [ "network-pre.target" "shutdown.target" ];
      conflicts = [ "shutdown.target" ];
      unitConfig.DefaultDependencies = false;
      reloadIfChanged = true;
      enableDefaultPath = legacy;
      path = lib.optionals legacy ([ pkgs.iptables ] ++ cfg.extraPackages);
      postStart = cfg.extraCommands;
      postStop = cfg.extraStopCommands;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${nftProgram} -f ${rulesFile}";
        ExecReload = "${nftProgram} -f ${rulesFile}";
        ExecStop = "${nftProgram} ${if nft.flushRuleset then "flush ruleset" else "-f ${clear}"}";
      };
    };
  };
}
