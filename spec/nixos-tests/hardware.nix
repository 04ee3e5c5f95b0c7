# What only a virtual machine has: hardware, monitor, screen, keyboard, terminals, disks, reboots.
{ pkgs, lib, ... }:
{
  name = "hardware";
  globalTimeout = 900;
  enableOCR = true;

  nodes.box = {
    virtualisation = {
      memorySize = 768;
      cores = 2;
      emptyDiskImages = [
        64
        {
          size = 32;
          driveConfig.deviceExtraOpts.serial = "second";
        }
      ];
      fileSystems."/data" = {
        device = "/dev/vdb";
        fsType = "ext4";
        autoFormat = true;
      };
      qemu.options = [
        "-device pvpanic"
        "-fw_cfg 'name=opt/org.example/words,string=two words'"
      ];
      qemu.guestAgent.enable = true;
      tpm.enable = true;
      credentials.secret.text = "a secret, with a comma";
      credentials.from-file.source = pkgs.writeText "credential" "from a file";
      sharedDirectories.given = {
        source = "${pkgs.writeTextDir "given/file" "from the host"}";
        target = "/mnt/given";
      };
      sharedDirectories.common = {
        source = "$SHARED_DIR";
        target = "/mnt/common";
      };
      forwardPorts = [
        {
          from = "host";
          host.port = 2080;
          guest.port = 80;
        }
        {
          from = "guest";
          guest.address = "10.0.2.100";
          guest.port = 3000;
          host.address = "127.0.0.1";
          host.port = 3001;
        }
      ];
      additionalPaths = [ (pkgs.writeText "additional" "beside the system") ];
    };
    environment.systemPackages = [ pkgs.curl ];
    networking.firewall.allowedTCPPorts = [ 80 ];
    systemd.services.web = {
      wantedBy = [ "multi-user.target" ];
      script = "cd /etc && exec ${pkgs.python3}/bin/python3 -m http.server 80";
    };
  };

  testScript =
    let
      # Not part of the machine's system: the script names it, so that it is there.
      named = pkgs.writeText "named" "by the script";
    in
    ''
      import hashlib
      import re
      import threading
      import urllib.request
      from http.server import BaseHTTPRequestHandler, HTTPServer

      from test_driver.errors import MachineError


      def expect(kind, call, *words):
          try:
              call()
          except kind as error:
              for word in words:
                  assert re.search(word, str(error)), f"{word!r} is not in {error}"
              return
          raise Exception(f"no {kind}: {words}")


      assert machine == box and machines_qemu == [box]
      assert repr(box) == "<QemuMachine 'box'>"
      box.start(allow_reboot=True)
      box.wait_for_unit("multi-user.target")

      with subtest("hardware"):
          assert int(box.succeed("nproc")) == 2
          memory = int(box.succeed("sed -n 's/MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"))
          assert 600_000 < memory < 768 * 1024, memory
          box.succeed("findmnt /data -o SOURCE -n | grep vdb", "echo kept > /data/kept")
          assert box.succeed("cat /sys/block/vdc/serial") == "second"
          box.succeed("test -e /dev/disk/by-id/virtio-second")
          assert int(box.succeed("cat /sys/block/vdc/size")) == 32 * 2048
          box.succeed("modprobe qemu_fw_cfg")
          assert box.succeed("cat /sys/firmware/qemu_fw_cfg/by_name/opt/org.example/words/raw") == "two words"
          assert box.succeed("cat /sys/class/tpm/tpm0/tpm_version_major") == "2\n"
          assert box.succeed("cat ${named}") == "by the script"

      with subtest("store"):
          box.succeed("touch /nix/store/written", "rm /nix/store/written")
          box.succeed("cat /nix/store/*-additional | grep beside")

      with subtest("credentials"):
          show = "systemd-run --quiet --wait --pipe -p LoadCredential={} sh -c 'cat $CREDENTIALS_DIRECTORY/*'"
          assert box.succeed(show.format("secret")) == "a secret, with a comma"
          assert box.succeed(show.format("from-file")) == "from a file"

      with subtest("guest agent"):
          import json
          import socket

          box.wait_for_unit("qemu-guest-agent.service")
          agent = socket.socket(socket.AF_UNIX)
          agent.connect(str(box.state_dir / "qga.sock"))
          agent.sendall(b'{"execute": "guest-get-host-name"}\n')
          assert json.loads(agent.recv(4096))["return"] == {"host-name": "box"}
          agent.close()

      with subtest("shared folders"):
          assert box.succeed("cat /mnt/given/given/file") == "from the host"
          with open(f"{box.shared_dir}/file", "w") as file:
              file.write("to the machine")
          assert box.succeed("cat /mnt/common/file") == "to the machine"
          box.succeed("mkdir /mnt/common/folder", "echo back > /mnt/common/folder/file")
          assert open(f"{box.shared_dir}/folder/file").read() == "back\n"
          assert box.succeed("cat /tmp/shared/file") == "to the machine"
          box.succeed("echo more > /tmp/shared/more")
          assert open(f"{box.shared_dir}/more").read() == "more\n"

      with subtest("ports"):
          box.wait_for_open_port(80)
          assert "root:" in urllib.request.urlopen("http://127.0.0.1:2080/passwd", timeout=30).read().decode()
          box.forward_port(2081, 80)
          assert "root:" in urllib.request.urlopen("http://127.0.0.1:2081/passwd", timeout=30).read().decode()


          class Handler(BaseHTTPRequestHandler):
              def do_GET(self):
                  self.send_response(200)
                  self.end_headers()
                  self.wfile.write(b"the driver's side")


          server = HTTPServer(("127.0.0.1", 3001), Handler)
          threading.Thread(target=server.serve_forever, daemon=True).start()
          assert box.succeed("curl -sf http://10.0.2.100:3000/") == "the driver's side"

      with subtest("monitor"):
          assert "running" in box.send_monitor_command("info status")
          box.wait_for_monitor_prompt()
          assert box.qmp_client.send("query-status")["running"] is True
          expect(MachineError, lambda: box.qmp_client.send("no-such-command"), "no-such-command")
          box.send_monitor_command("stop")
          box.wait_for_qmp_event(lambda event: event["event"] == "STOP")
          box.send_monitor_command("cont")
          assert box.wait_for_qmp_event(lambda event: event["event"] == "RESUME", timeout=60)["event"] == "RESUME"
          expect(TimeoutError, lambda: box.wait_for_qmp_event(lambda event: False, timeout=0.5))
          assert box.pid and box.pid > 0
          assert [event["event"] for event in box.qmp_client.events(timeout=0.5)] == []
          box.qmp_client.close()
          assert box.booted and box.connected and box.is_up() and box.is_running()

      with subtest("files"):
          os.makedirs("folder/deep")
          with open("folder/deep/program", "w") as file:
              file.write("#!/bin/sh\necho ran\n")
          os.chmod("folder/deep/program", 0o755)
          box.copy_from_host("folder", "/tmp/a/folder")
          assert box.succeed("/tmp/a/folder/deep/program; stat -c %U /tmp/a/folder") == "ran\nroot\n"
          box.copy_from_host_via_shell("folder/deep/program", "/tmp/program")
          assert box.succeed("sh /tmp/program") == "ran\n"
          box.copy_from_vm("/tmp/a/folder", "back")
          assert os.access("back/folder/deep/program", os.X_OK)
          box.succeed("head -c 3000000 /dev/urandom > /tmp/big")
          box.copy_from_machine("/tmp/big")
          with open("big", "rb") as big:
              assert hashlib.sha256(big.read()).hexdigest() == box.succeed("sha256sum < /tmp/big").split()[0]
          os.remove("big")

      with subtest("units and waits"):
          box.require_unit_state("web")
          assert box.get_unit_property("web.service", "SubState") == "running"
          assert box.get_unit_info("web")["Type"] == "simple"
          assert box.systemctl("is-active web.service") == (0, "active\n")
          assert box.stop_job("web")[0] == 0
          box.wait_for_closed_port(80)
          assert box.start_job("web")[0] == 0
          box.wait_for_open_port(80)
          box.wait_for_open_unix_socket("/run/systemd/private")
          box.execute("(sleep 0.3; touch /tmp/flag) >&2 &")
          box.wait_for_file("/tmp/flag")
          assert box.execute("sleep 100", timeout=1)[0] == 124
          assert box.execute("echo x; exit 3", check_return=False) == (-1, "x\n")
          assert box.wait_until_succeeds("echo done") == "done\n"
          assert box.wait_until_fails("echo no; false") == "no\n"
          box.sleep(0.1)
          checks = []


          @polling_condition(seconds_interval=0)
          def stays_up():
              checks.append(box.is_up())
              return checks[-1]


          with stays_up:
              box.send_monitor_command("info status")
              box.succeed("true")
          assert checks == [True, True], checks
          serial_stdout_off()
          box.succeed("echo unheard > /dev/ttyS0")
          box.wait_for_console_text("unheard")
          serial_stdout_on()

      with subtest("keys and terminals"):
          box.wait_until_tty_matches("1", "login: ")
          box.send_chars("root\n")
          box.wait_until_tty_matches("1", r"root@box.*# ")
          box.send_chars("echo 'Some (words): {a|b} <c> & \"d\" ~^%$#@!' > /tmp/typed; clear\n")
          box.wait_for_file("/tmp/typed")
          assert box.succeed("cat /tmp/typed") == "Some (words): {a|b} <c> & \"d\" ~^%$#@!\n"
          box.send_chars("echo Reading the Screen\n")
          box.wait_until_tty_matches("1", "\nReading the Screen")
          assert "Reading the Screen" in box.get_tty_text("1")
          box.dump_tty_contents("1")
          box.wait_until_succeeds("journalctl -b | grep 'Reading the Screen'", timeout=60)
          box.send_key("alt-f2")
          box.wait_until_tty_matches("2", "login: ")
          box.send_key("alt-f1")

      with subtest("screen"):
          box.wait_for_text("Reading the Screen")
          assert "Reading the Screen" in box.get_screen_text()
          assert len(box.get_screen_text_variants()) == 3
          box.screenshot("screen")
          box.screenshot("sub.png")
          with open("screen.png", "rb") as picture:
              assert picture.read(8) == b"\x89PNG\r\n\x1a\n"
          expect(Exception, lambda: box.wait_for_x(timeout=1), "no display manager is installed")
          expect(Exception, lambda: box.wait_for_window("x", timeout=0.1))

      with subtest("console"):
          box.send_console("\n")
          box.succeed("echo written >/dev/ttyS0")
          box.wait_for_console_text("writ+en")
          assert "written\n" in box.get_console_log()

      with subtest("reboot"):
          before = box.succeed("cat /proc/sys/kernel/random/boot_id")
          box.succeed("echo kept > /root/kept")
          box.reboot()
          box.wait_for_unit("multi-user.target")
          assert box.succeed("cat /proc/sys/kernel/random/boot_id") != before
          box.succeed("grep kept /data/kept", "grep kept /root/kept", "cat /tmp/shared/more")
          # The machine may as well restart itself.
          before = box.succeed("cat /proc/sys/kernel/random/boot_id")
          box.send_monitor_command("system_reset")
          reset = box.wait_for_qmp_event(lambda event: event["event"] == "RESET" and not event["data"]["guest"])
          assert reset["data"]["reason"] == "host-qmp-system-reset"
          # The driver's own work on QEMU is not to be seen.
          assert "STOP" not in [event["event"] for event in box.qmp_client.events(timeout=1)]
          box.wait_for_unit("multi-user.target")
          assert box.succeed("cat /proc/sys/kernel/random/boot_id") != before

      with subtest("crash"):
          box.succeed("echo synced > /root/synced; sync")
          box.crash()
          assert not box.is_up()
          expect(MachineError, lambda: box.send_monitor_command("info status"), "not running")
          box.start()
          box.wait_for_unit("multi-user.target")
          box.succeed("grep kept /data/kept", "grep synced /root/synced")

      with subtest("end"):
          # Started without allow_reboot: a reboot ends it.
          box.execute("systemctl reboot", check_output=False)
          box.wait_for_shutdown(timeout=300)
          assert not box.is_up()
    '';
}
