# systemd-networkd: networks, links and virtual devices.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.systemd.network;
  declared = import ./options.nix { inherit lib; };
  files = import ./files.nix { inherit lib; } cfg;
  dhcpFor = lib.filter (i: i.useDHCP == true) (lib.attrValues config.networking.interfaces);
  static = lib.filter (i: i.ipv4.addresses != [ ] || i.ipv6.addresses != [ ]) (
    lib.attrValues config.networking.interfaces
  );
  machine = !config.boot.isContainer;
  tables = cfg.config.routeTables;
  wanted = config.networking.useNetworkd || (machine && (config.networking.useDHCP || dhcpFor != [ ]));
  staticNetwork = i: {
    matchConfig.Name = i.name;
    address = map (a: "${a.address}/${toString a.prefixLength}") (i.ipv4.addresses ++ i.ipv6.addresses);
    networkConfig.DHCP = if i.useDHCP == true then "yes" else "no";
  };
in
{
  options.systemd.network = removeAttrs declared [ "sectionsText" ] // {
    enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether systemd-networkd runs.";
    };
    wait-online = {
      enable = mkOption {
        type = types.bool;
        default = true;
        description = "Whether `network-online.target` waits for systemd-networkd.";
      };
      anyInterface = mkOption {
        type = types.bool;
        default = config.networking.useDHCP;
        defaultText = lib.literalExpression "config.networking.useDHCP";
        description = "Whether one interface is enough.";
      };
      timeout = mkOption {
        type = types.ints.unsigned;
        default = 120;
        description = "Seconds to wait.";
      };
      extraArgs = mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Arguments of systemd-networkd-wait-online.";
      };
    };
  };

  config = lib.mkMerge [
    (mkIf wanted {
      systemd.network.enable = lib.mkDefault true;
      systemd.network.networks = lib.mkMerge [
        (mkIf config.networking.useDHCP {
          "99-ethernet-default-dhcp" = {
            matchConfig = {
              Type = "ether";
              Kind = "!*";
            };
            networkConfig.DHCP = "yes";
          };
        })
        (lib.listToAttrs (
          map (i: lib.nameValuePair "40-${i.name}" {
            matchConfig.Name = i.name;
            networkConfig.DHCP = lib.mkDefault "yes";
          }) dhcpFor
        ))
        # What `ip` sets up is left alone by the rule for all others.
        (lib.listToAttrs (
          map (
            i:
            lib.nameValuePair "40-${i.name}" (
              if config.networking.useNetworkd then
                staticNetwork i
              else
                {
                  matchConfig.Name = i.name;
                  linkConfig.Unmanaged = true;
                }
            )
          ) static
        ))
      ];
    })
    (mkIf cfg.enable {
      environment.etc = lib.mapAttrs' (
        name: text: lib.nameValuePair "systemd/network/${name}" { inherit text; }
      ) files
      // {
        "systemd/networkd.conf".text = declared.sectionsText cfg.config;
      }
      // lib.optionalAttrs (tables != { } && cfg.config.addRouteTablesToIPRoute2) {
        "iproute2/rt_tables.d/networkd.conf".text = lib.concatStrings (
          lib.mapAttrsToList (name: number: "${toString number} ${name}\n") tables
        );
      };
      users.users.systemd-network.group = "systemd-network";
      systemd.services.systemd-networkd = {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        wantedBy = [ "multi-user.target" ];
        aliases = [ "dbus-org.freedesktop.network1.service" ];
        stopIfChanged = false;
        reloadTriggers = lib.attrValues files;
      };
      systemd.sockets.systemd-networkd = {
        overrideStrategy = "asDropin";
        wantedBy = [ "sockets.target" ];
      };
      systemd.services.systemd-networkd-wait-online = mkIf cfg.wait-online.enable {
        overrideStrategy = "asDropin";
        enableDefaultPath = false;
        wantedBy = [ "network-online.target" ];
        serviceConfig.ExecStart = [
          ""
          "/usr/lib/systemd/systemd-networkd-wait-online --timeout=${toString cfg.wait-online.timeout}${
            lib.optionalString cfg.wait-online.anyInterface " --any"
          } ${lib.concatStringsSep " " cfg.wait-online.extraArgs}"
        ];
      };
    })
  ];
}
