# Whose services run without a session, as logind keeps it: a service tells it, as `loginctl enable-linger` would.
{ config, lib, ... }:
let
  cfg = config.users;
  users = lib.filter (user: user.linger != null) (lib.attrValues cfg.users);
  namesWhere = linger: map (user: user.name) (lib.filter (user: user.linger == linger) users);
  tell =
    verb: names: lib.optionalString (names != [ ]) "loginctl ${verb} ${lib.escapeShellArgs names}\n";
in
{
  config = lib.mkIf (cfg.manageLingering && users != [ ]) {
    # There before anybody looks.
    systemd.tmpfiles.rules = [ "d /var/lib/systemd/linger 0755 root root -" ];
    systemd.services.linger-users = {
      description = "Users whose services run without a session";
      wantedBy = [ "multi-user.target" ];
      after = [ "systemd-logind.service" ];
      requires = [ "systemd-logind.service" ];
      path = [ config.systemd.package ];
      script = ''
        for user in *; do
          test "$user" = '*' || id "$user" > /dev/null || rm -- "$user"
        done
        ${tell "disable-linger" (namesWhere false)}${tell "enable-linger" (namesWhere true)}'';
      serviceConfig = {
        Type = "oneshot";
        StateDirectory = "systemd/linger";
        WorkingDirectory = "/var/lib/systemd/linger";
      };
    };
  };
}
