# Name, addresses of other machines, name servers.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf types;
  cfg = config.networking;
  localNames = lib.optional (cfg.hostName != "" && cfg.domain != null) cfg.fqdn
    ++ lib.optional (cfg.hostName != "") cfg.hostName;
  hostsLines = lib.concatStrings (
    lib.mapAttrsToList (
      address: names: lib.optionalString (names != [ ]) "${address} ${lib.concatStringsSep " " names}\n"
    ) cfg.hosts
  );
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  protocols = [ "http" "https" "rsync" "ftp" "all" ];
  proxyOption =
    default: what:
    mkOption {
      type = types.nullOr types.str;
      inherit default;
      defaultText = lib.literalExpression "networking.proxy.default, or null";
      example = "http://127.0.0.1:3128";
      description = "Proxy for ${what}.";
    };
  servers = lib.optional cfg.resolvconf.useLocalResolver "127.0.0.1"
    ++ lib.optionals (!cfg.resolvconf.useLocalResolver) cfg.nameservers;
in
{
  options.networking = {
    hostName = mkOption {
      type = types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$";
      default = "nixos";
      description = "Name of the machine, without a domain; empty when it comes from elsewhere.";
    };
    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "home.arpa";
      description = "Domain of the machine.";
    };
    fqdn = mkOption {
      type = types.str;
      default =
        if cfg.hostName != "" && cfg.domain != null then
          "${cfg.hostName}.${cfg.domain}"
        else
          throw "networking.fqdn needs both networking.hostName and networking.domain.";
      defaultText = lib.literalExpression ''"''${networking.hostName}.''${networking.domain}"'';
      description = "Full name of the machine.";
    };
    fqdnOrHostName = mkOption {
      type = types.str;
      readOnly = true;
      default = if cfg.domain == null then cfg.hostName else cfg.fqdn;
      defaultText = lib.literalExpression "the full name, or the host name where there is no domain";
      description = "Full name of the machine, or its short one when it has no domain.";
    };
    hostId = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "4e98920d";
      description = "Host id, eight hexadecimal digits.";
    };
    hosts = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      example = {
        "192.0.2.5" = [ "printer" ];
      };
      description = "Names by address, for `/etc/hosts`.";
    };
    extraHosts = mkOption {
      type = types.lines;
      default = "";
      example = "192.0.2.5 printer";
      description = "Lines added to `/etc/hosts`.";
    };
    hostFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      description = "Files added to `/etc/hosts`.";
    };
    nameservers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "192.0.2.53" ];
      description = "Addresses of name servers.";
    };
    search = mkOption {
      type = types.listOf types.str;
      default = [ ];
      description = "Domains in which short names are looked up.";
    };
    timeServers = mkOption {
      type = types.listOf types.str;
      default = map (n: "${toString n}.debian.pool.ntp.org") [ 0 1 2 3 ];
      description = "Time servers.";
    };
    enableIPv6 = flag true "Whether the machine uses IPv6.";
    useDHCP = flag true "Whether interfaces without addresses of their own ask a DHCP server.";
    useNetworkd = flag false "Whether systemd-networkd sets up the interfaces.";
    usePredictableInterfaceNames = flag (!config.boot.isContainer) "Whether interfaces are named by where they are plugged in.";
    dhcpcd.enable = flag true "Whether the DHCP client may run.";
    dhcpcd.wait = mkOption {
      type = types.enum [ "background" "any" "ipv4" "ipv6" "both" "if-carrier-up" ];
      default = "any";
      description = "What the boot waits for.";
    };
    dhcpcd.extraConfig = mkOption {
      type = types.lines;
      default = "";
      description = "Lines of the DHCP client's configuration.";
    };
    networkmanager.enable = flag false "NetworkManager is not part of `base` yet.";
    wireless.enable = flag false "Whether wpa_supplicant runs.";
    resolvconf.enable = flag (!config.services.resolved.enable) "Whether `/etc/resolv.conf` is made from the configuration.";
    resolvconf.useLocalResolver = flag false "Whether a name server on this machine answers all look-ups.";
    tempAddresses = mkOption {
      type = types.enum [ "default" "enabled" "disabled" ];
      default = if cfg.enableIPv6 then "default" else "disabled";
      description = "Whether IPv6 privacy addresses are used.";
    };
    proxy = {
      default = proxyOption null "all protocols";
      noProxy = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "127.0.0.1,localhost,.localdomain";
        description = "What is reached without a proxy.";
      };
      envVars = mkOption {
        type = types.attrs;
        internal = true;
        default =
          lib.optionalAttrs (cfg.proxy.default != null) { all_proxy = cfg.proxy.default; }
          // lib.filterAttrs (_: value: value != null) (
            lib.listToAttrs (
              map (name: lib.nameValuePair "${name}_proxy" cfg.proxy."${name}Proxy") protocols
            )
            // { no_proxy = cfg.proxy.noProxy; }
          );
        description = "Variables that name the proxy.";
      };
    }
    // lib.listToAttrs (
      map (name: lib.nameValuePair "${name}Proxy" (proxyOption cfg.proxy.default name)) protocols
    );
  };

  config = {
    networking.hosts = {
      "127.0.0.1" = [ "localhost" ];
      "::1" = mkIf cfg.enableIPv6 [ "localhost" ];
      "127.0.0.2" = localNames;
    };
    environment.sessionVariables = cfg.proxy.envVars;
    # Part of every boot, so that it can be waited for.
    systemd.targets.network = {
      overrideStrategy = "asDropin";
      wantedBy = [ "multi-user.target" ];
    };
    environment.etc = lib.genAttrs [ "protocols" "rpc" "services" ] (name: {
      source = lib.mkDefault "${pkgs.iana-etc}/etc/${name}";
    })
    // {
      hostname = mkIf (cfg.hostName != "") { text = cfg.hostName + "\n"; };
      hosts.text =
        hostsLines + cfg.extraHosts + lib.concatMapStrings (file: builtins.readFile file) cfg.hostFiles;
      "host.conf".text = "multi on\n";
      hostid = mkIf (cfg.hostId != null) { text = cfg.hostId; };
      "resolv.conf" = mkIf (cfg.resolvconf.enable && (servers != [ ] || cfg.search != [ ])) {
        text =
          lib.concatMapStrings (server: "nameserver ${server}\n") servers
          + lib.optionalString (cfg.search != [ ]) "search ${lib.concatStringsSep " " cfg.search}\n";
        mode = "0644";
      };
      "nsswitch.conf".text =
        let
          hosts = config.system.nssDatabases.hosts;
        in
        ''
          passwd: ${lib.concatStringsSep " " config.system.nssDatabases.passwd}
          group: ${lib.concatStringsSep " " config.system.nssDatabases.group}
          shadow: ${lib.concatStringsSep " " config.system.nssDatabases.shadow}
          sudoers: files
          hosts: ${lib.concatStringsSep " " hosts}
          networks: files
          ethers: files
          services: ${lib.concatStringsSep " " config.system.nssDatabases.services}
          protocols: files
          rpc: files
        '';
    };
    system.nssDatabases = {
      passwd = [ "files" "systemd" ];
      group = [ "files" "systemd" ];
      shadow = [ "files" "systemd" ];
      hosts = lib.mkMerge [
        [ "files" ]
        (mkIf config.services.resolved.enable [ "resolve [!UNAVAIL=return]" ])
        [ "myhostname" "dns" ]
      ];
      services = [ "files" ];
    };
    boot.kernel.sysctl = mkIf (!cfg.enableIPv6) {
      "net.ipv6.conf.all.disable_ipv6" = true;
      "net.ipv6.conf.default.disable_ipv6" = true;
    };
  };
  options.system.nssDatabases =
    lib.genAttrs [ "passwd" "group" "shadow" "hosts" "services" ] (
      name:
      mkOption {
        type = types.listOf types.str;
        default = [ ];
        description = "Where ${name} are looked up, in order.";
      }
    );
  options.system.nssModules = mkOption {
    type = types.listOf types.package;
    default = [ ];
    description = "Packages with further modules for name look-ups.";
  };
}
