# Machines that go on from saved boots (`saved` in ./flake.nix). The same script passes when they boot (`booted`),
# and `saved-again` shares the saved boots of `saved`: the nodes are the same.
{ pkgs, ... }:
{
  globalTimeout = 900;

  defaults = {
    virtualisation = {
      backend = "vm";
      memorySize = 512;
      emptyDiskImages = [ 64 ];
      fileSystems."/data" = {
        device = "/dev/vdb";
        fsType = "ext4";
        autoFormat = true;
      };
    };
    environment.systemPackages = [ pkgs.curl ];
    networking.firewall.allowedTCPPorts = [ 8080 ];
    systemd.services.web = {
      wantedBy = [ "multi-user.target" ];
      script = "echo serving; cd /etc && exec ${pkgs.python3}/bin/python3 -m http.server --bind :: 8080";
    };
  };
  nodes.one = {
    virtualisation.vlans = [
      1
      2
    ];
    networking.useNetworkd = true;
    networking.firewall.enable = false;
    systemd.network.networks."40-eth2" = {
      networkConfig.DHCPServer = "yes";
      dhcpServerConfig = {
        PoolOffset = 100;
        PoolSize = 20;
      };
    };
  };
  nodes.two = {
    virtualisation.interfaces = {
      eth1 = {
        vlan = 1;
        assignIP = true;
      };
      eth2.vlan = 2;
    };
    # Nobody answers where its boot is saved.
    networking.interfaces.eth2.useDHCP = true;
    systemd.timers.nightly = {
      wantedBy = [ "timers.target" ];
      timerConfig = {
        OnCalendar = "daily";
        Persistent = true;
      };
    };
    systemd.services.nightly.script = "touch /run/nightly";
  };

  testScript =
    let
      # Neither is part of a machine's system.
      file = pkgs.writeText "named" "by the script";
      folder = pkgs.writeTextDir "in/side" "a folder";
    in
    ''
      import time

      one.start(allow_reboot=True)
      start_all()
      for machine in machines:
          machine.wait_for_unit("multi-user.target")

      with subtest("clock"):
          for machine in machines:
              assert abs(float(machine.succeed("date +%s.%N")) - time.time()) < 30
              assert abs(int(machine.succeed("cat /sys/class/rtc/rtc0/since_epoch")) - time.time()) < 30

          two.succeed("systemctl is-active nightly.timer", "test ! -e /run/nightly")

      with subtest("identity"):
          ids = [machine.succeed("cat /etc/machine-id").strip() for machine in machines]
          assert len(set(ids)) == 2 and all(len(id) == 32 for id in ids), ids
          numbers = [machine.succeed("head -c 16 /dev/urandom | base64").strip() for machine in machines]
          with open("identity", "w") as identity:
              identity.write("".join(f"{line}\n" for line in ids + numbers))
          for machine in machines:
              assert machine.succeed("cat /proc/sys/kernel/hostname").strip() == machine.name
              machine.succeed("journalctl -b -u web | grep serving")
              machine.succeed("echo after > /dev/kmsg", "logger said after")
              machine.wait_until_succeeds("journalctl -b | grep 'said after'", timeout=60)
              assert "multi-user.target" in machine.get_console_log()

      with subtest("network"):
          for machine, other in [(one, two), (two, one)]:
              machine.wait_for_open_port(8080, other.name)
              machine.succeed(f"curl -sf http://{other.name}:8080/hostname | grep -x {other.name}")
          two.succeed("curl -sf 'http://[2001:db8:1::1]:8080/hostname' | grep -x one")
          two.wait_until_succeeds("ip -4 address show dev eth2 | grep 192.168.2.1", timeout=60)
          one.block()
          two.fail("curl -sf --max-time 1 http://one:8080/")
          one.unblock()
          two.wait_until_succeeds("curl -sf --max-time 5 http://one:8080/", timeout=120)

      with subtest("what the test adds"):
          for machine in machines:
              assert machine.succeed("cat ${file} ${folder}/in/side") == "by the scripta folder"
              machine.succeed("touch /nix/store/written", "rm /nix/store/written")
          with open(f"{one.shared_dir}/file", "w") as shared:
              shared.write("to the machines")
          one.succeed("grep machines /tmp/shared/file", "echo back > /tmp/shared/back")
          two.succeed("grep back /tmp/shared/back")

      with subtest("reboot"):
          before = one.succeed("cat /proc/sys/kernel/random/boot_id")
          one.succeed("findmnt /data", "echo kept | tee /root/kept > /data/kept")
          one.reboot()
          one.wait_for_unit("multi-user.target")
          assert one.succeed("cat /proc/sys/kernel/random/boot_id") != before
          one.succeed("grep kept /data/kept", "grep kept /root/kept", "grep machines /tmp/shared/file")
          assert one.succeed("cat /etc/machine-id ${file}") == ids[0] + "\nby the script"

      with subtest("crash"):
          two.succeed("echo kept | tee /root/kept > /data/kept; sync")
          two.crash()
          two.start()
          two.wait_for_unit("multi-user.target")
          two.succeed("grep kept /data/kept", "grep kept /root/kept", "grep machines /tmp/shared/file")
          assert two.succeed("cat /etc/machine-id ${file}") == ids[1] + "\nby the script"
          one.succeed("curl -sf --retry 20 --retry-all-errors http://two:8080/hostname | grep -x two")
    '';
}
