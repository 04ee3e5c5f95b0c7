# Everything that needs no virtual hardware: commands, units, waits, files, networks, globals.
{ pkgs, lib, ... }:
{
  name = "containers";
  globalTimeout = 300;

  defaults = {
    environment.systemPackages = [ pkgs.curl pkgs.netcat-openbsd pkgs.iputils ];
  };

  nodes.alpha = {
    virtualisation.vlans = [ 1 2 ];
    users.users.alice = {
      isNormalUser = true;
      uid = 1000;
    };
    environment.etc."greeting".text = "hello";
    networking.domain = "example.org";
    virtualisation.credentials.secret.text = "a secret";
    virtualisation.sharedDirectories.given = {
      source = "${pkgs.writeTextDir "given/file" "from the host"}";
      target = "/mnt/given";
    };
  };

  nodes."web-server" =
    { nodes, ... }:
    {
      networking.firewall.allowedTCPPorts = [ 8080 ];
      virtualisation.forwardPorts = [
        {
          from = "host";
          host.port = 4081;
          guest.port = 8080;
        }
      ];
      # Another node's configuration.
      environment.etc."alphas-name".text = nodes.alpha.networking.hostName;
      systemd.services.web = {
        wantedBy = [ "multi-user.target" ];
        script = "exec ${pkgs.python3}/bin/python3 -m http.server --bind :: 8080";
      };
      systemd.services.broken = {
        script = "echo these are its last words; exit 3";
        serviceConfig.Type = "oneshot";
      };
      systemd.services.asleep.script = "exec sleep infinity";
      systemd.services.slow = {
        script = "until test -e /run/go-on; do sleep 0.1; done";
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
      };
      systemd.services.credential = {
        script = "cat $CREDENTIALS_DIRECTORY/word > /run/word";
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
        serviceConfig.LoadCredential = "word:/etc/alphas-name";
      };
    };

  nodes.isolated.virtualisation.vlans = [ 2 ];

  testScript =
    { nodes, ... }:
    ''
      import re
      import socket
      import threading
      import time
      import urllib.request
      from datetime import timedelta


      def expect(kind, call, *words):
          try:
              call()
          except kind as error:
              for word in words:
                  assert re.search(word, str(error)), f"{word!r} is not in {error}"
              return
          raise Exception(f"no {kind}: {words}")


      failed = type("None", (), {})
      try:
          t.assertEqual(1, 2)
      except Exception as error:
          failed = type(error)
      assert failed.__name__ == "RequestedAssertionFailed"

      start_all()

      with subtest("globals"):
          assert [m.name for m in machines] == ["alpha", "isolated", "web-server"]
          assert machines_nspawn == machines and machines_qemu == []
          assert repr(web_server) == "<NspawnMachine 'web-server'>"
          assert isinstance(alpha, NspawnMachine) and isinstance(alpha, BaseMachine)
          assert [vlan.nr for vlan in vlans] == [1, 2] and vlan2 is vlans[1]
          assert driver.machines == machines and driver.vlans == vlans
          assert os.path.isdir(driver.out_dir) and driver.out_dir == alpha.out_dir
          assert "with subtest(\"globals\")" in driver.tests
          log.log("a line")
          log.info("a line")
          log.warning("a line")
          log.debug("a line of no interest")
          log.set_log_level("debug")
          log.debug("a line of interest")
          with log.nested("nested"):
              alpha.log("about alpha")
          with alpha.nested("nested, too"):
              alpha.log_serial("as if on the console")
          log.set_log_level("info")
          log.log_serial("another line", "alpha")
          assert "as if on the console" in alpha.get_console_log()
          serial_stdout_off()
          serial_stdout_on()
          debug.breakpoint()

      with subtest("commands"):
          assert alpha.succeed("echo a; echo b >&2") == "a\n"
          assert alpha.succeed("echo a", "echo b") == "a\nb\n"
          expect(failed, lambda: alpha.succeed("true", "echo said; exit 7", "true"), "exit code 7", "said")
          expect(failed, lambda: alpha.succeed("false | true"), "exit code 1")
          expect(failed, lambda: alpha.succeed("echo $UNSET"), "failed")
          expect(failed, lambda: alpha.fail("true"), "unexpectedly succeeded")
          assert alpha.fail("echo b; false", "echo c; false") == "b\nc\n"
          assert alpha.execute("exit 3") == (3, "")
          assert alpha.execute("echo x; exit 3", check_return=False) == (-1, "x\n")
          assert alpha.execute("sleep 100", check_output=False) == (-2, "")
          assert alpha.execute("sleep 100", timeout=1)[0] == 124
          assert alpha.execute("sleep 100", timeout=timedelta(milliseconds=100))[0] == 124
          assert alpha.succeed("head -c 100000 /dev/zero | tr '\\0' x") == "x" * 100000
          assert alpha.succeed("printf '\\377'") == "\ufffd"
          alpha.sleep(0.1)
          alpha.sleep(duration=timedelta(seconds=0.1))
          expect(TypeError, lambda: alpha.sleep())
          expect(TypeError, lambda: alpha.sleep(1, duration=2))
          assert alpha.succeed("pwd; echo $USER $HOME").split() == ["/tmp", "root", "/root"]

      with subtest("waiting"):
          alpha.execute("(sleep 0.3; touch /tmp/flag) >&2 &")
          alpha.wait_for_file("/tmp/fl*")
          alpha.wait_until_succeeds("test -e /tmp/flag", timeout=timedelta(seconds=5))
          alpha.execute("(sleep 0.3; rm /tmp/flag) >&2 &")
          alpha.wait_until_fails("test -e /tmp/flag")
          expect(failed, lambda: alpha.wait_until_succeeds("echo last; false", timeout=1), "timed out", "last")
          expect(failed, lambda: alpha.wait_until_fails("echo last; true", timeout=1), "timed out", "last")
          expect(failed, lambda: alpha.wait_for_file("/nothing", timeout=1), "no file '/nothing' after 1 seconds")
          alpha.execute("(sleep 0.3; exec nc -lk 4444) >&2 &")
          alpha.wait_for_open_port(4444)
          alpha.execute("pkill nc")
          alpha.wait_for_closed_port(4444)
          expect(failed, lambda: alpha.wait_for_open_port(4444, timeout=1), "4444", "not open")
          alpha.execute("nc -lkU /tmp/stream >&2 &")
          alpha.wait_for_open_unix_socket("/tmp/stream")
          alpha.execute("nc -lkuU /tmp/datagram >&2 &")
          alpha.wait_for_open_unix_socket("/tmp/datagram", is_datagram=True)
          expect(failed, lambda: alpha.wait_for_open_unix_socket("/nothing", timeout=0.5), "/nothing")
          calls = []


          def third(last):
              calls.append(last)
              return len(calls) == 3


          retry(third)
          assert calls == [False, False, False], calls
          expect(failed, lambda: retry(lambda last: False, timeout=0.2), "timed out")
          expect(TypeError, lambda: retry(lambda last: True, timeout=1, timeout_seconds=1))

      with subtest("units"):
          web_server.wait_for_unit("web.service")
          web_server.wait_for_unit("multi-user.target")
          web_server.require_unit_state("web")
          web_server.require_unit_state("asleep", "inactive")
          expect(failed, lambda: web_server.require_unit_state("asleep"), "active.*inactive")
          assert web_server.get_unit_property("web.service", "ActiveState") == "active"
          assert web_server.get_unit_info("web")["Type"] == "simple"
          assert web_server.systemctl("is-active web.service") == (0, "active\n")
          assert web_server.systemctl("start broken.service")[0] != 0
          begin = time.monotonic()
          expect(failed, lambda: web_server.wait_for_unit("broken.service"), "failed", "these are its last words")
          expect(failed, lambda: web_server.wait_for_unit("asleep.service"), "inactive", "no pending jobs")
          expect(failed, lambda: web_server.wait_for_unit("unheard-of.service"), "inactive")
          assert time.monotonic() - begin < 60
          web_server.systemctl("start --no-block slow.service")
          web_server.execute("(sleep 0.3; touch /run/go-on) >&2 &")
          web_server.wait_for_unit("slow.service")
          assert web_server.start_job("asleep.service")[0] == 0
          web_server.require_unit_state("asleep.service")
          assert web_server.stop_job("asleep.service")[0] == 0
          web_server.start_job("credential.service")
          assert web_server.succeed("cat /run/word") == "alpha"

      with subtest("users"):
          alpha.succeed("loginctl enable-linger alice")
          alpha.wait_for_unit("default.target", "alice")
          assert alpha.systemctl("is-active default.target", "alice") == (0, "active\n")
          alpha.succeed("su - alice -c 'test $HOME = /home/alice'")

      with subtest("files"):
          with open("file", "w") as file:
              file.write("content")
          os.makedirs("folder/deep")
          with open("folder/deep/program", "w") as file:
              file.write("#!/bin/sh\necho ran\n")
          os.chmod("folder/deep/program", 0o755)
          alpha.copy_from_host("file", "/tmp/x/y/file")
          alpha.copy_from_host("folder", "/tmp/z/folder")
          assert alpha.succeed("cat /tmp/x/y/file; stat -c %U /tmp/x/y/file") == "contentroot\n"
          assert alpha.succeed("/tmp/z/folder/deep/program") == "ran\n"
          alpha.copy_from_host_via_shell("file", "/tmp/viashell")
          assert alpha.succeed("cat /tmp/viashell") == "content"
          alpha.copy_from_machine("/tmp/z/folder", "sub")
          assert os.access("sub/folder/deep/program", os.X_OK)
          expect(FileExistsError, lambda: alpha.copy_from_machine("/tmp/z/folder", "sub"))
          alpha.copy_from_vm("/etc/greeting")
          assert open(os.path.join(driver.out_dir, "greeting")).read() == "hello"
          # One folder that the driver and all machines share.
          with open(os.path.join(alpha.shared_dir, "to-machines"), "w") as file:
              file.write("shared")
          assert alpha.succeed("cat /tmp/shared/to-machines") == "shared"
          isolated.succeed("echo back > /tmp/shared/to-driver")
          assert open(os.path.join(driver.machines[0].shared_dir, "to-driver")).read() == "back\n"
          assert os.path.isdir(alpha.state_dir)
          assert alpha.succeed("cat /mnt/given/given/file") == "from the host"
          assert alpha.succeed("systemd-run --quiet --wait --pipe -p LoadCredential=secret sh -c 'cat $CREDENTIALS_DIRECTORY/secret'") == "a secret"

      with subtest("networks"):
          alpha.succeed("ping -c 1 -W 5 web-server >&2", "ping -4 -c 1 -W 5 192.168.1.3 >&2", "ping -6 -c 1 -W 5 2001:db8:1::3 >&2")
          alpha.wait_for_open_port(8080, "web-server")
          alpha.succeed("curl -sf http://web-server:8080/ >&2")
          alpha.succeed("curl -sf -6 http://web-server:8080/ >&2", "curl -sf 'http://[2001:db8:1::3]:8080/' >&2")
          assert "${nodes.alpha.networking.primaryIPAddress}" == "192.168.1.1"
          assert "${nodes.alpha.networking.primaryIPv6Address}" == "2001:db8:1::1"
          web_server.succeed("ping -c 1 -W 5 alpha >&2", "ping -c 1 -W 5 alpha.example.org >&2")
          alpha.succeed("ping -c 1 -W 5 192.168.2.2 >&2")
          web_server.fail("ping -c 1 -W 1 192.168.2.2 >&2")
          alpha.succeed("ip -o link show eth1 | grep 52:54:00:12:01:01", "ip -o link show eth2 | grep 52:54:00:12:02:01")
          alpha.block()
          alpha.fail("curl -sf --max-time 1 http://192.168.1.3:8080/ >&2")
          alpha.succeed("ping -c 1 -W 5 192.168.2.2 >&2")
          alpha.unblock()
          alpha.wait_until_succeeds("curl -sf --max-time 2 http://web-server:8080/ >&2", timeout=30)

      with subtest("ports of the driver's side"):
          for port in [4081, 4082]:
              if port == 4082:
                  web_server.forward_port(port, 8080)
              assert urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).status == 200

      with subtest("a shell at an address"):
          guest = threading.Thread(target=lambda: alpha.shell_interact(f"unix-listen:{alpha.tmp_dir}/shell"))
          guest.start()
          peer = socket.socket(socket.AF_UNIX)
          retry(lambda last: peer.connect_ex(f"{alpha.tmp_dir}/shell") == 0, timeout=30)
          peer.sendall(b"stty -echo; echo $((6 * 7))is-it; exit\n")
          said = b""
          while data := peer.recv(4096):
              said += data
          guest.join()
          assert b"42is-it" in said, said
          expect(TypeError, lambda: alpha.shell_interact("nowhere"), "tcp-listen:PORT")

      with subtest("conditions"):
          checked = []


          @polling_condition
          def plain():
              "the plain one"
              checked.append(1)


          @polling_condition(seconds_interval=0, description="the flag is there")
          def flag():
              return alpha.execute("test -e /tmp/flag")[0] == 0


          alpha.succeed("touch /tmp/flag")
          flag.wait(timeout=5)
          with plain, flag:
              alpha.succeed("true")
              assert checked
              expect(Exception, lambda: alpha.succeed("rm /tmp/flag", "true"), "the flag is there")

      with subtest("console"):
          isolated.succeed("echo one > /dev/console; echo two > /dev/console")
          isolated.wait_for_console_text("one.*two")
          isolated.succeed("systemd-cat echo into the journal")
          isolated.wait_for_console_text("into the journal", timeout=30)
          assert "one\ntwo\n" in isolated.get_console_log()
          expect(failed, lambda: isolated.wait_for_console_text("one", timeout=0.2))

      with subtest("what containers lack"):
          for call in [
              lambda: alpha.screenshot("x"),
              lambda: alpha.send_key("a"),
              lambda: alpha.send_chars("a"),
              lambda: alpha.send_monitor_command("info status"),
              lambda: alpha.wait_for_qmp_event(lambda event: True),
              lambda: alpha.get_tty_text("1"),
              lambda: alpha.wait_until_tty_matches("1", "x"),
              lambda: alpha.get_screen_text(),
              lambda: alpha.wait_for_text("x"),
              lambda: alpha.switch_root(),
              lambda: alpha.get_screen_text_variants(),
              lambda: alpha.dump_tty_contents("1"),
              lambda: alpha.wait_for_monitor_prompt(),
              lambda: alpha.qmp_command("query-status"),
          ]:
              expect(Exception, call, "alpha is a container", "--backend vm")
          expect(Exception, lambda: alpha.wait_for_x(timeout=2), "X")
          assert alpha.get_systemd_process > 1

      with subtest("life and death"):
          isolated.succeed("echo kept > /root/kept", "sync")
          isolated.reboot()
          isolated.succeed("grep kept /root/kept", "test ! -e /run/gone")
          isolated.succeed("touch /run/gone")
          isolated.shutdown()
          assert not isolated.is_up()
          isolated.shutdown()
          isolated.start()
          isolated.succeed("grep kept /root/kept", "test ! -e /run/gone")
          isolated.crash()
          assert not isolated.is_up()
          isolated.wait_for_shutdown()
          isolated.succeed("grep kept /root/kept")
          isolated.execute("systemctl poweroff", check_output=False)
          isolated.wait_for_shutdown(timeout=60)
          assert not isolated.is_up()

      for machine in machines:
          machine.execute("systemctl poweroff", check_output=False) if machine.is_up() else None
      join_all()
      assert not any(machine.is_up() for machine in machines)
    '';
}
