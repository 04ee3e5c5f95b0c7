# The user and group of a service, unless the machine's configuration names others: `cfg.user` and `cfg.group`
# are compared with the defaults that the module declares.
{
  lib,
  cfg,
  name,
  group ? name,
  settings ? { },
}:
{
  users.users = lib.mkIf ((cfg.user or name) == name) {
    ${name} = {
      isSystemUser = true;
      group = cfg.group or group;
    }
    // settings;
  };
  users.groups = lib.mkIf ((cfg.group or group) == group) { ${group} = { }; };
}
