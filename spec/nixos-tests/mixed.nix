# A container and a virtual machine on one network, driven by one script.
{ pkgs, ... }:
{
  name = "mixed";
  globalTimeout = 600;

  defaults = {
    environment.systemPackages = [ pkgs.curl ];
    networking.firewall.allowedTCPPorts = [ 8080 ];
    systemd.services.web = {
      wantedBy = [ "multi-user.target" ];
      script = "cd /etc && exec ${pkgs.python3}/bin/python3 -m http.server --bind :: 8080";
    };
  };
  nodes.machine.virtualisation.backend = "vm";
  containers.box = { };

  testScript = ''
    start_all()
    assert machines_qemu == [machine] and machines_nspawn == [box]
    for one, other in [(box, machine), (machine, box)]:
        one.wait_for_open_port(8080, other.name)
        one.succeed(f"curl -sf http://{other.name}:8080/hostname | grep -x {other.name}")
    machine.succeed("curl -sf 'http://[2001:db8:1::1]:8080/hostname' | grep -x box")
    machine.block()
    box.fail("curl -sf --max-time 1 http://machine:8080/")
    machine.unblock()
    box.wait_until_succeeds("curl -sf --max-time 5 http://machine:8080/", timeout=120)
    machine.send_monitor_command("info status")
    try:
        box.send_monitor_command("info status")
    except Exception as error:
        assert "virtualisation.backend" in str(error)
    else:
        assert False
  '';
}
