# Lets machines of an inner network reach an outer one under this machine's address, and the reverse by
# forwarded ports. A table of nftables of its own, loaded with the firewall's.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../../option-kinds.nix { inherit lib; }) flag names;
  cfg = config.networking.nat;
  address =
    description:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit description;
    };
  forwardedPort = types.submodule {
    options = {
      sourcePort = mkOption {
        type = types.either types.port (types.strMatching "[[:digit:]]+:[[:digit:]]+");
        example = 8080;
        description = "Port of this machine, or a range `first:last`.";
      };
      destination = mkOption {
        type = types.str;
        example = "10.0.0.1:80";
        description = "Address and port in the inner network.";
      };
      proto = mkOption {
        type = types.str;
        default = "tcp";
        description = "Protocol.";
      };
      loopbackIPs = names "Addresses of this machine for which that holds from inside as well.";
    };
  };

  port = value: lib.replaceStrings [ ":" ] [ "-" ] (toString value);
  isIPv6 = entry: lib.hasInfix "[" entry.destination;
  outgoing = lib.optionalString (cfg.externalInterface != null) ''oifname "${cfg.externalInterface}" '';
  incoming = lib.optionalString (cfg.externalInterface != null) ''iifname "${cfg.externalInterface}" '';
  quoted = lib.concatMapStringsSep ", " (name: ''"${name}"'');

  table =
    {
      family,
      externalIP,
      internalIPs,
      ports,
    }:
    let
      source = if externalIP == null then "masquerade" else "snat to ${externalIP}";
      redirect = entry: "${entry.proto} dport ${port entry.sourcePort} dnat to ${entry.destination}";
      loopback = entry: map (ip: "${family} daddr ${ip} ${redirect entry}") entry.loopbackIPs;
    in
    {
      inherit family;
      content = ''
        chain prerouting {
          type nat hook prerouting priority dstnat;
          ${lib.concatMapStringsSep "\n  " (entry: incoming + redirect entry) ports}
          ${lib.concatStringsSep "\n  " (lib.concatMap loopback ports)}
        }
        chain output {
          type nat hook output priority mangle;
          ${lib.concatStringsSep "\n  " (lib.concatMap loopback ports)}
        }
        chain postrouting {
          type nat hook postrouting priority srcnat;
          ${lib.optionalString (cfg.internalInterfaces != [ ]) "iifname { ${quoted cfg.internalInterfaces} } ${outgoing}${source}"}
          ${lib.optionalString (internalIPs != [ ]) "${family} saddr { ${lib.concatStringsSep ", " internalIPs} } ${outgoing}${source}"}
        }
      '';
    };
in
{
  options.networking.nat = {
    enable = flag false "Whether this machine translates addresses.";
    enableIPv6 = flag false "Whether it does so for IPv6 as well.";
    internalInterfaces = names "Interfaces from which packets are translated.";
    internalIPs = names "Ranges of addresses from which packets are translated.";
    internalIPv6s = names "The same for IPv6.";
    externalInterface = address "The interface of the outer network.";
    externalIP = address "The address that packets get; null means that of the interface.";
    externalIPv6 = address "The same for IPv6.";
    forwardPorts = mkOption {
      type = types.listOf forwardedPort;
      default = [ ];
      description = "Ports of this machine that lead to the inner network.";
    };
    dmzHost = address "The machine that gets what no other rule takes.";
    extraCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Not used here: write `networking.nftables.tables`.";
    };
    extraStopCommands = mkOption {
      type = types.lines;
      default = "";
      description = "Not used here.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.extraCommands == "" && cfg.extraStopCommands == "";
        message = "networking.nat.extraCommands are iptables' commands, which base does not run: write `networking.nftables.tables' instead.";
      }
      {
        assertion = cfg.dmzHost == null;
        message = "networking.nat.dmzHost is not part of base: forward the ports with `networking.nat.forwardPorts'.";
      }
    ];
    networking.nftables.tables = {
      nat = table {
        family = "ip";
        inherit (cfg) externalIP internalIPs;
        ports = lib.filter (entry: !isIPv6 entry) cfg.forwardPorts;
      };
    }
    // lib.optionalAttrs cfg.enableIPv6 {
      nat6 = table {
        family = "ip6";
        externalIP = cfg.externalIPv6;
        internalIPs = cfg.internalIPv6s;
        ports = lib.filter isIPv6 cfg.forwardPorts;
      };
    };
    boot.kernelModules = lib.mkIf (!config.boot.isContainer) [ "nft_nat" "nft_masq" ];
    boot.kernel.sysctl = {
      "net.ipv4.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv4.conf.default.forwarding" = lib.mkOverride 99 true;
    }
    // lib.optionalAttrs cfg.enableIPv6 {
      "net.ipv6.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv6.conf.default.forwarding" = lib.mkOverride 99 true;
    };
  };
}
