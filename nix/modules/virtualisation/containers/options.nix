# The options of one container in `containers`.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
  kinds = import ../../option-kinds.nix { inherit lib; };
  inherit (kinds) flag maybe names text;

  forwardedPort = {
    options = {
      protocol = text "tcp" "Protocol.";
      hostPort = mkOption {
        type = types.port;
        description = "Port of the machine.";
      };
      containerPort = maybe types.port "Port of the container, if it is another one.";
    };
  };
  # One pair of interfaces, whose ends are in the machine and in the container.
  network = {
    hostBridge = maybe types.str "Bridge of the machine that its end of the pair joins.";
    forwardPorts = mkOption {
      type = types.listOf (types.submodule forwardedPort);
      default = [ ];
      description = "Ports of the machine that lead into the container.";
    };
    hostAddress = maybe types.str "IPv4 address of the machine's end.";
    hostAddress6 = maybe types.str "IPv6 address of the machine's end.";
    localAddress = maybe types.str "IPv4 address of the container's end; with its prefix length on a bridge.";
    localAddress6 = maybe types.str "IPv6 address of the container's end; with its prefix length on a bridge.";
    localMacAddress = maybe (types.strMatching "([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}") "Hardware address of the container's end.";
  };
  bindMount =
    { name, ... }:
    {
      options = {
        mountPoint = text name "Where it is in the container.";
        hostPath = maybe types.str "Where it is on the machine, if elsewhere.";
        isReadOnly = flag true "Whether the container may only read it.";
      };
    };
  device.options = {
    node = mkOption {
      type = types.str;
      example = "/dev/net/tun";
      description = "Its path.";
    };
    modifier = mkOption {
      type = types.str;
      example = "rw";
      description = "What is allowed: `r` to read, `w` to write, `m` to make it.";
    };
  };

  # The system inside: a configuration like the machine's own, evaluated with its packages.
  inner =
    name: cfg:
    let
      address = text: {
        address = builtins.head (lib.splitString "/" text);
        prefixLength = if lib.hasInfix "/" text then lib.toInt (lib.last (lib.splitString "/" text)) else 32;
      };
      own = {
        boot.isNspawnContainer = true;
        nixpkgs = lib.optionalAttrs (toString cfg.nixpkgs == toString pkgs.path) { pkgs = lib.mkDefault pkgs; };
        networking = {
          hostName = lib.mkDefault name;
          useDHCP = false;
          interfaces = lib.mkIf (cfg.privateNetwork && cfg.localAddress != null) {
            eth0.ipv4.addresses = [ (address cfg.localAddress) ];
          };
        };
        assertions = [
          {
            assertion = !lib.hasInfix "_" name;
            message = "containers.${name}: the name is a host's name, which has no underscores.";
          }
        ];
      };
    in
    lib.mkOptionType {
      name = "Toplevel NixOS config";
      description = "configuration of a machine";
      merge =
        _: definitions:
        (import "${toString cfg.nixpkgs}/nixos/lib/eval-config.nix" {
          system = null;
          modules = [ own ] ++ map (definition: definition.value) definitions;
          prefix = [ "containers" name ];
          inherit (cfg) specialArgs;
        }).config;
    };
in
types.submodule (
  {
    name,
    config,
    options,
    ...
  }:
  {
    options = network // {
      config = mkOption {
        type = inner name config;
        description = "Configuration of the container, a module.";
      };
      path = mkOption {
        type = types.path;
        example = "/nix/var/nix/profiles/per-container/webserver";
        description = "System of the container, where it is not made of `config`.";
      };
      nixpkgs = mkOption {
        type = types.path;
        default = pkgs.path;
        defaultText = lib.literalExpression "pkgs.path";
        description = "Packages and modules it is made of.";
      };
      specialArgs = mkOption {
        type = types.attrsOf types.unspecified;
        default = { };
        description = "Arguments of its modules that `imports` may use.";
      };
      flake = maybe types.str "Not available: take the system of a flake by `path`.";
      autoStart = flag false "Whether it starts with the machine.";
      restartIfChanged = flag true "Whether it is restarted when the machine is switched to another configuration of it.";
      ephemeral = flag false "Whether it forgets everything when it ends.";
      timeoutStartSec = text "1min" "How long it may take to start.";
      privateNetwork = flag false "Whether it has interfaces of its own instead of the machine's.";
      networkNamespace = maybe types.path "Network namespace in which it runs.";
      privateUsers = mkOption {
        type = types.either types.ints.u32 (types.enum [ "no" "identity" "pick" ]);
        default = "no";
        description = "Whether its users are others than the machine's: the first id, or `pick` for any.";
      };
      interfaces = names "Interfaces of the machine that it takes over.";
      macvlans = names "Interfaces of the machine beside which it gets one of its own (macvlan).";
      extraVeths = mkOption {
        type = types.attrsOf (types.submodule { options = network; });
        default = { };
        description = "Further pairs of interfaces.";
      };
      bindMounts = mkOption {
        type = types.attrsOf (types.submodule bindMount);
        default = { };
        description = "Folders and files of the machine that it sees.";
      };
      tmpfs = names "Folders in memory.";
      enableTun = flag false "Whether it may make tunnels.";
      additionalCapabilities = names "Further capabilities, such as `CAP_NET_ADMIN`.";
      allowedDevices = mkOption {
        type = types.listOf (types.submodule device);
        default = [ ];
        description = "Devices that it may use.";
      };
      extraFlags = names "Arguments of systemd-nspawn.";
    };
    config = {
      path = lib.mkIf options.config.isDefined config.config.system.build.toplevel;
      additionalCapabilities = lib.mkIf config.enableTun [ "CAP_NET_ADMIN" ];
      allowedDevices = lib.mkIf config.enableTun [
        {
          node = "/dev/net/tun";
          modifier = "rwm";
        }
      ];
    };
  }
)
