# The configuration of a service whose package brings its unit, its D-Bus policy and its device rules, as
# Debian's do. `unit` is the unit's name without `.service`, `settings` what the unit gets besides.
{
  package,
  unit,
  settings ? { },
}:
{
  environment.systemPackages = [ package ];
  services.dbus.packages = [ package ];
  services.udev.packages = [ package ];
  systemd.packages = [ package ];
  systemd.services.${unit} = {
    overrideStrategy = "asDropin";
    enableDefaultPath = false;
  }
  // settings;
}
