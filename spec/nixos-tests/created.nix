# Machines that the script starts by commands of its own. What they run is a system's initial file system, which
# needs no disk.
{ pkgs, lib, ... }:
{
  name = "created";
  globalTimeout = 300;

  nodes.bare = {
    virtualisation.backend = "vm";
    boot.initrd.systemd.enable = true;
    testing.initrdBackdoor = true;
  };

  testScript =
    { nodes, ... }:
    let
      system = nodes.bare.system.build.toplevel;
      flags = "-M q35 -m 768 -kernel ${system}/kernel -initrd ${system}/initrd -append 'console=ttyS0 loglevel=4 mitigations=off nokaslr audit=0 cryptomgr.notests'";
      start = pkgs.writeShellScriptBin "run-three-vm" ''
        echo "started in $TMPDIR with $QEMU_OPTS" >&2
        exec qemu-system-x86_64 -nodefaults ${flags} $QEMU_OPTS "$@"
      '';
    in
    ''
      from test_driver.errors import MachineError


      def check(machine):
          machine.wait_for_unit("backdoor.service")
          machine.succeed("test -e /etc/initrd-release")
          assert "running" in machine.send_monitor_command("info status")
          assert machine.pid
          machine.copy_from_host("file", "/run/file")
          assert machine.succeed("cat /run/file") == "content"
          machine.crash()
          assert not machine.is_up() and not machine.booted


      with open("file", "w") as file:
          file.write("content")
      one = create_machine("qemu-system-x86_64", name="one")
      assert repr(one) == "<QemuMachine 'one'>" and not one.booted
      assert repr(create_machine("qemu-system-x86_64")) == "<QemuMachine 'machine'>"
      assert create_machine({"startCommand": "qemu-system-x86_64", "name": "two"}).name == "two"
      # Not among the machines of the test.
      assert machines == [bare]

      with subtest("a program as `system.build.vm` has it"):
          os.environ["QEMU_OPTS"] = ""
          three = create_machine("${start}/bin/run-three-vm")
          assert three.name == "three"
          check(three)
          assert "started in" in three.get_console_log()

      with subtest("a description by parts"):
          check(create_machine({"qemuBinary": "qemu-system-x86_64", "qemuFlags": "${lib.escape [ "\"" ] flags}"}))

      with subtest("a command that ends"):
          broken = create_machine("echo these are its last words >&2; exit 3;")
          try:
              broken.start()
          except MachineError as error:
              assert "these are its last words" in str(error), error
          else:
              assert False, "it started"
    '';
}
