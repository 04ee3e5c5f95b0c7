# A user's units, brought from one folder to another by `sd-switch`, as home-manager calls it; and what a switch does for
# users.
{
  pkgs ? import ../../. { system = "x86_64-linux"; },
}:
let
  unit = command: ''
    [Service]
    ExecStart=${pkgs.coreutils}/bin/${command}
  '';
  folder =
    name: files:
    pkgs.linkFarm name (
      pkgs.lib.mapAttrsToList (file: text: {
        name = file;
        path = pkgs.writeText (baseNameOf file) text;
      }) files
    );
  old = folder "old" {
    "gone.service" = unit "sleep 100001";
    "changed.service" = unit "sleep 100002";
    "same.service" = unit "sleep 100003";
  };
  new = folder "new" {
    "changed.service" = unit "sleep 200002";
    "same.service" = unit "sleep 100003";
    "fresh.service" = unit "sleep 200004";
    "default.target.wants/fresh.service" = unit "sleep 200004";
  };
in
pkgs.nixosTest {
  name = "user-units";

  nodes.machine = {
    users.users.alice = {
      isNormalUser = true;
      uid = 1000;
      linger = true;
    };
    environment.systemPackages = [ pkgs.sd-switch ];
    system.userActivationScripts = {
      broken = "false";
      seen = {
        text = "id -un >> ~/activated";
        deps = [ "broken" ];
      };
    };
    systemd.user.tmpfiles.users.alice.rules = [ "r %h/leftover" ];
  };

  testScript = ''
    def as_alice(command):
        return machine.succeed(f"su alice -c 'XDG_RUNTIME_DIR=/run/user/1000 {command}'")

    units = "/home/alice/.config/systemd/user"
    # logind starts it when it has read who lingers, which is no job that one could wait for.
    machine.wait_until_succeeds("systemctl is-active user@1000.service")
    machine.succeed("su alice -c 'mkdir -p /home/alice/.config/systemd'")
    as_alice("ln -sfn ${old} " + units)
    as_alice("systemctl --user daemon-reload")
    as_alice("systemctl --user start gone changed same")
    before = as_alice("systemctl --user show --property MainPID same")

    as_alice("ln -sfn ${new} " + units)
    said = as_alice("sd-switch --verbose --old-units ${old} --new-units ${new}")
    for line in ["stop: gone.service", "restart: changed.service", "start: fresh.service"]:
        assert line in said, said
    machine.succeed("pgrep -f 'sleep 200002'", "pgrep -f 'sleep 200004'")
    machine.fail("pgrep -f 'sleep 10000[12]'")
    after = as_alice("systemctl --user show --property MainPID same")
    assert before == after, f"{before} {after}"

    # One snippet failed, which the switch tells; the others ran.
    assert machine.succeed("cat /home/alice/activated") == "alice\n"
    as_alice("touch /home/alice/leftover")
    status, said = machine.execute("/run/current-system/bin/switch-to-configuration test 2>&1")
    assert status != 0 and "user 1000: systemctl --user restart nixos-activation.service failed" in said, said
    assert machine.succeed("cat /home/alice/activated") == "alice\nalice\n"
    machine.fail("test -e /home/alice/leftover")
  '';
}
