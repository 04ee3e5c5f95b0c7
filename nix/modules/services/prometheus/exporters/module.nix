# Programs that tell Prometheus how others do. Each is a file in `known/`: its port, options of its own, service.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkDefault mkOption types;
  kinds = import ../../../option-kinds.nix { inherit lib; };
  inherit (kinds) flag maybe names text;
  cfg = config.services.prometheus.exporters;
  known = lib.mapAttrs' (
    file: _:
    let
      name = lib.removeSuffix ".nix" file;
    in
    lib.nameValuePair name (
      import (./known + "/${file}") {
        inherit config kinds lib pkgs;
        cfg = cfg.${name};
      }
    )
  ) (builtins.readDir ./known);

  common = name: port: {
    enable = lib.mkEnableOption "the prometheus ${name} exporter";
    port = mkOption {
      type = types.port;
      default = port;
      description = "TCP port.";
    };
    listenAddress = text "0.0.0.0" "Address.";
    extraFlags = names "Further arguments.";
    openFirewall = flag false "Whether the firewall lets others in.";
    firewallFilter = maybe types.str "Which packets it lets in then, in the words of iptables.";
    firewallRules = maybe types.lines "Rules of nftables for that.";
    user = text "${name}-exporter" "User it runs as.";
    group = text "${name}-exporter" "Group it runs as.";
  };
  submodule =
    name: exporter:
    mkOption {
      type = types.submodule { options = common name exporter.port // exporter.options or { }; };
      default = { };
      description = "The exporter of ${name}.";
    };

  service =
    name: exporter:
    let
      conf = cfg.${name};
      own = exporter.service;
      # An account that is made for the time it runs.
      isDynamic = own.serviceConfig.DynamicUser or true;
    in
    lib.mkIf conf.enable {
      users.users = lib.mkIf (!isDynamic && conf.user == "${name}-exporter") {
        ${conf.user} = {
          description = "Prometheus ${name} exporter service user";
          isSystemUser = true;
          inherit (conf) group;
        };
      };
      users.groups = lib.mkIf (!isDynamic && conf.group == "${name}-exporter") { ${conf.group} = { }; };
      networking.firewall.allowedTCPPorts = lib.optional (
        conf.openFirewall && conf.firewallFilter == null && conf.firewallRules == null
      ) conf.port;
      networking.firewall.extraInputRules = lib.mkIf (conf.openFirewall && conf.firewallRules != null) conf.firewallRules;
      warnings = lib.optional (conf.firewallFilter != null) "services.prometheus.exporters.${name}.firewallFilter has no effect: the firewall is nftables', use `firewallRules`.";
      systemd.services."prometheus-${name}-exporter" = lib.mkMerge [
        {
          wantedBy = [ "multi-user.target" ];
          after = [ "network.target" ];
          serviceConfig =
            lib.mapAttrs (_: mkDefault) (import ../hardening.nix)
            // {
              ProcSubset = mkDefault "all";
              ProtectProc = mkDefault "default";
              Restart = mkDefault "always";
              WorkingDirectory = mkDefault "/tmp";
              DynamicUser = mkDefault isDynamic;
              User = mkDefault conf.user;
              Group = conf.group;
              ProtectSystem = mkDefault "strict";
              RestrictAddressFamilies = [ "AF_INET" "AF_INET6" ];
              UMask = "0077";
            };
        }
        own
      ];
    };
  missing = lib.filter (name: !known ? ${name} && cfg.${name} ? enable && cfg.${name}.enable == true) (lib.attrNames cfg);
in
{
  options.services.prometheus.exporters = mkOption {
    type = types.submodule {
      freeformType = types.attrsOf types.anything;
      options = lib.mapAttrs submodule known;
    };
    default = { };
    description = "Exporters by name.";
  };
  config = lib.mkMerge (
    [
      {
        warnings = map (
          name: "services.prometheus.exporters.${name} has no effect: base has ${lib.concatStringsSep ", " (lib.attrNames known)}."
        ) missing;
      }
    ]
    ++ lib.mapAttrsToList service known
  );
}
