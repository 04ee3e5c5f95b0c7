# Varnish: keeps what web servers say.
{ config, lib, pkgs, ... }:
let
  inherit (lib) hasPrefix mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag maybe text;
  cfg = config.services.varnish;
  state = "/var/run/varnishd";
  # It compiles its configuration; Debian's would take whichever compiler is in /usr.
  compile = "exec ${pkgs.gcc}/bin/gcc -std=gnu99 -O2 -pthread -fpic -shared -Wl,-x -o %o %s";
  address =
    { name, address, port, proto, user, group, mode }:
    let
      setting = key: value: lib.optionalString (value != null) ",${key}=${value}";
    in
    "-a ${lib.optionalString (name != null) "${name}="}${address}"
    + lib.optionalString (port != null) ":${toString port}"
    + ",${proto}${setting "user" user}${setting "group" group}${setting "mode" mode}";
  addresses = map address cfg.listen ++ lib.optional (cfg.http_address != null) "-a ${cfg.http_address}";
  modulePath = lib.makeSearchPathOutput "lib" "lib/varnish/vmods" ([ cfg.package ] ++ cfg.extraModules);
  configArguments =
    "-f ${pkgs.writeText "default.vcl" cfg.config}"
    + lib.optionalString (cfg.extraModules != [ ]) " -p vmod_path='${modulePath}' -r vmod_path";
  isSocket = at: hasPrefix "/" at.address || hasPrefix "@" at.address;
in
{
  options.services.varnish = {
    enable = lib.mkEnableOption "Varnish, which keeps what web servers say";
    package = lib.mkPackageOption pkgs "varnish" { };
    enableConfigCheck = flag true "Whether the configuration is checked when the machine is built.";
    http_address = maybe types.str "Address and port; older than `listen`.";
    listen = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            name = maybe types.str "Name in logs.";
            address = mkOption {
              type = types.str;
              description = "Address, path of a socket, or `@` and a name.";
            };
            port = maybe types.port "Port.";
            proto = mkOption {
              type = types.enum [ "HTTP" "PROXY" ];
              default = "HTTP";
              description = "What is spoken there.";
            };
            user = maybe types.str "Owner of the socket.";
            group = maybe types.str "Group of the socket.";
            mode = maybe types.str "Mode of the socket.";
          };
        }
      );
      default = lib.optional (cfg.http_address == null) {
        address = "*";
        port = 6081;
      };
      defaultText = lib.literalMD "port 6081, unless `http_address` is set";
      description = "Where it listens.";
    };
    config = mkOption {
      type = types.lines;
      description = "The configuration in VCL.";
    };
    extraModules = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with modules.";
    };
    extraCommandLine = text "" "Further arguments.";
  };
  config = lib.mkIf cfg.enable {
    assertions = lib.concatMap (at: [
      {
        assertion = isSocket at -> at.port == null;
        message = "services.varnish.listen: a socket has no port: ${builtins.toJSON at}";
      }
      {
        assertion = !(hasPrefix "/" at.address) -> at.user == null && at.group == null && at.mode == null;
        message = "services.varnish.listen: only sockets with a path have owners and modes: ${builtins.toJSON at}";
      }
    ]) cfg.listen;
    warnings = lib.optional (cfg.http_address != null) "The option `services.varnish.http_address` is deprecated. Use `services.varnish.listen` instead.";
    environment.systemPackages = [ cfg.package ];
    system.usrPackages = [ cfg.package ];
    system.checks = lib.optional cfg.enableConfigCheck (
      pkgs.runCommandLocal "check-varnish-syntax" { nativeBuildInputs = [ pkgs.binutils ]; } ''
        ${cfg.package}/bin/varnishd -C -n $PWD/state -p 'cc_command=${compile}' -p vcl_path=${cfg.package}/share/varnish/vcl -p vmod_path=${modulePath} ${configArguments} 2> $out || (cat $out; exit 1)
      ''
    );
    users.users.varnish = {
      isSystemUser = true;
      group = "varnish";
    };
    users.groups.varnish = { };
    systemd.services.varnish = {
      description = "Varnish";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      path = [ pkgs.binutils ];
      serviceConfig = {
        ExecStart = "${cfg.package}/bin/varnishd ${toString addresses} -n ${state} -F -p 'cc_command=${lib.replaceStrings [ "%" ] [ "%%" ] compile}' ${cfg.extraCommandLine} ${configArguments}";
        Restart = "always";
        RestartSec = "5s";
        User = "varnish";
        Group = "varnish";
        RuntimeDirectory = "varnishd";
        AmbientCapabilities = "cap_net_bind_service";
        NoNewPrivileges = true;
        LimitNOFILE = 131072;
      };
    };
  };
}
