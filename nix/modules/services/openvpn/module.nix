# OpenVPN: tunnels, each a service.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe;
  cfg = config.services.openvpn;
  server.options = {
    config = mkOption {
      type = types.lines;
      description = "The configuration.";
    };
    up = lines "Commands when the tunnel is there.";
    down = lines "Commands when it is gone.";
    autoStart = flag true "Whether it starts with the machine.";
    updateResolvConf = flag false "Whether servers of names that the other side tells are used.";
    authUserPass = maybe (types.either types.str (
      types.submodule {
        options = lib.genAttrs [ "username" "password" ] (
          name:
          mkOption {
            type = types.str;
            description = "The ${name}. The store is readable to everybody.";
          }
        );
      }
    )) "User and password: a set, or a file with them.";
  };
  # Programs of resolvconf put servers of names in; here systemd-resolved is told.
  resolv = do: lib.optionalString do ''
    for option in ''${!foreign_option_*}; do
      read -r kind key value <<< "''${!option}"
      case "$kind $key" in
        "dhcp-option DNS") resolvectl dns "$dev" "$value" ;;
        "dhcp-option DOMAIN") resolvectl domain "$dev" "$value" ;;
      esac
    done
  '';
  found = ''
    for var in ''${!foreign_option_*}; do
      x=(''${!var})
      if [ "''${x[0]}" = dhcp-option ]; then
        case "''${x[1]}" in
          DOMAIN) domain="''${x[2]}" ;;
          DNS) nameserver="''${x[2]}" ;;
        esac
      fi
    done
  '';
  hook =
    name: event: text:
    "${event} ${pkgs.writeShellScript "openvpn-${name}-${event}" "export PATH=${lib.makeBinPath config.systemd.services."openvpn-${name}".path}\n${text}"}";
  credentials =
    name: user:
    if builtins.isAttrs user then pkgs.writeText "openvpn-credentials-${name}" "${user.username}\n${user.password}\n" else user;
  fileOf =
    name: s:
    pkgs.writeText "openvpn-config-${name}" (
      lib.concatLines (
        [ "errors-to-stderr" ]
        ++ lib.optional (s.up != "" || s.down != "" || s.updateResolvConf) "script-security 2"
        ++ [ s.config ]
        ++ lib.optional (s.up != "" || s.updateResolvConf) (hook name "up" (found + s.up + "\n" + resolv s.updateResolvConf))
        ++ lib.optional (s.down != "") (hook name "down" s.down)
        ++ lib.optional (s.authUserPass != null) "auth-user-pass ${credentials name s.authUserPass}"
      )
    );
in
{
  options.services.openvpn = {
    package = lib.mkPackageOption pkgs "openvpn" { };
    restartAfterSleep = flag true "Whether tunnels start again after the machine slept.";
    servers = mkOption {
      type = types.attrsOf (types.submodule server);
      default = { };
      description = "Tunnels by name, of servers and of clients.";
    };
  };
  config = lib.mkIf (cfg.servers != { }) {
    environment.systemPackages = [ cfg.package ];
    boot.kernelModules = [ "tun" ];
    system.usrPackages = [ cfg.package ];
    systemd.services =
      lib.mapAttrs' (
        name: s:
        lib.nameValuePair "openvpn-${name}" {
          description = "OpenVPN instance ‘${name}’";
          wantedBy = lib.optional s.autoStart "multi-user.target";
          after = [ "network.target" ];
          path = [ pkgs.iptables pkgs.iproute2 ];
          serviceConfig = {
            ExecStart = "@${cfg.package}/bin/openvpn openvpn --suppress-timestamps --config ${fileOf name s}";
            Restart = "always";
            Type = "notify";
          };
        }
      ) cfg.servers
      // lib.optionalAttrs cfg.restartAfterSleep {
        openvpn-restart = {
          description = "Restart system OpenVPN connections when returning from sleep";
          wantedBy = [ "sleep.target" ];
          script = "systemctl try-restart ${lib.escapeShellArgs (map (name: "openvpn-${name}.service") (lib.attrNames cfg.servers))}";
        };
      };
  };
}
