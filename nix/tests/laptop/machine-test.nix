# Services of laptops, as Debian's packages bring them, and a unit as nixpkgs' modules write it.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
pkgs.nixosTest {
  name = "laptop";

  nodes.machine =
    { pkgs, ... }:
    {
      services.upower.enable = true;
      services.power-profiles-daemon.enable = true;
      security.polkit.enable = true;
      systemd.services.reloaded = {
        wantedBy = [ "multi-user.target" ];
        script = "trap 'touch /run/was-reloaded' HUP; touch /run/listens; while true; do sleep infinity & wait $! || true; done";
        serviceConfig.ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
      };
    };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    with subtest("kill is among the programs of coreutils"):
        machine.wait_for_file("/run/listens")
        machine.succeed("systemctl reload reloaded")
        machine.wait_for_file("/run/was-reloaded")
    with subtest("polkit reads the configuration's rules"):
        machine.succeed("systemctl start polkit && grep -q unix-group:wheel /etc/polkit-1/rules.d/10-system.rules")
    with subtest("D-Bus starts what comes with its package"):
        machine.succeed("upower --dump | grep 'on-battery: *no'")
        profiles = "net.hadess.PowerProfiles /net/hadess/PowerProfiles net.hadess.PowerProfiles"
        machine.succeed(f"busctl get-property {profiles} ActiveProfile | grep balanced")
  '';
}
