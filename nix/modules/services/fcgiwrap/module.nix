# fcgiwrap: CGI programs for servers that speak FastCGI.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.fcgiwrap;
  inherit (import ../../option-kinds.nix { inherit lib; }) maybe;
  instances =
    cfg.instances
    // lib.optionalAttrs cfg.enable {
      "" = {
        process = {
          prefork = cfg.preforkProcesses;
          inherit (cfg) user group;
        };
        socket = {
          type = cfg.socketType;
          address = cfg.socketAddress;
          user = null;
          group = null;
          mode = null;
        };
      };
    };
  unit = name: "fcgiwrap" + lib.optionalString (name != "") "-${name}";
  socketKind = mkOption {
    type = types.enum [ "unix" "tcp" "tcp6" ];
    default = "unix";
    description = "Kind of the socket.";
  };
  processes = mkOption {
    type = types.ints.positive;
    default = 1;
    description = "How many processes wait.";
  };
  instanceOptions =
    { config, name, ... }:
    {
      options = {
        process.prefork = processes;
        process.user = maybe types.str "User they run as.";
        process.group = maybe types.str "Group they run as.";
        socket.type = socketKind;
        socket.address = mkOption {
          type = types.str;
          default = "/run/fcgiwrap-${name}.sock";
          description = "Address of the socket.";
        };
        socket.user = maybe types.str "User that owns it.";
        socket.group = maybe types.str "Group that owns it.";
        socket.mode = mkOption {
          type = types.nullOr types.str;
          default = if config.socket.type == "unix" then "0600" else null;
          description = "Its access mode.";
        };
      };
    };
in
{
  options.services.fcgiwrap = {
    enable = mkOption {
      type = types.bool;
      default = false;
      visible = false;
      description = "Older option: one instance.";
    };
    preforkProcesses = processes // { visible = false; };
    socketType = socketKind // { visible = false; };
    socketAddress = mkOption {
      type = types.str;
      default = "/run/fcgiwrap.sock";
      visible = false;
      description = "Older option: address of the socket.";
    };
    user = maybe types.str "Older option: user it runs as.";
    group = maybe types.str "Older option: group it runs as.";
    instances = mkOption {
      type = types.attrsOf (types.submodule instanceOptions);
      default = { };
      description = "Instances by name.";
    };
  };
  config = lib.mkIf (instances != { }) {
    systemd.services = lib.mapAttrs' (
      name: i:
      lib.nameValuePair (unit name) {
        after = [ "nss-user-lookup.target" ];
        wantedBy = lib.optional (i.socket.type != "unix") "multi-user.target";
        serviceConfig = {
          ExecStart = "${pkgs.fcgiwrap}/bin/fcgiwrap -c ${toString i.process.prefork}" + lib.optionalString (i.socket.type != "unix") " -s ${i.socket.type}:${i.socket.address}";
        }
        // lib.optionalAttrs (i.process.user != null) {
          User = i.process.user;
          Group = i.process.group;
        };
      }
    ) instances;
    systemd.sockets = lib.mapAttrs' (
      name: i:
      lib.nameValuePair (unit name) {
        wantedBy = [ "sockets.target" ];
        socketConfig = {
          ListenStream = i.socket.address;
          SocketUser = lib.mkIf (i.socket.user != null) i.socket.user;
          SocketGroup = lib.mkIf (i.socket.group != null) i.socket.group;
          SocketMode = lib.mkIf (i.socket.mode != null) i.socket.mode;
        };
      }
    ) (lib.filterAttrs (_: i: i.socket.type == "unix") instances);
  };
}
