# Containers that belong to a machine: by themselves in a network, beside another one on a bridge, forgetful, and restarted
# with what they keep.
{ lib, pkgs, ... }:
{
  name = "inner";
  nodes.machine = {
    virtualisation.memorySize = 1024;
    networking.bridges.br0.interfaces = [ ];
    networking.interfaces.br0.ipv4.addresses = [ { address = "192.168.101.1"; prefixLength = 24; } ];
    specialisation.joined.configuration.networking = {
      bridges.br0.interfaces = lib.mkForce [ "eth1" ];
      interfaces.br0.ipv4.addresses = lib.mkForce [ { address = "192.168.101.3"; prefixLength = 24; } ];
    };
    environment.systemPackages = [ pkgs.curl ];
    systemd.tmpfiles.rules = [
      "d /srv/shared 0755 root root -"
      "f /srv/shared/greeting 0644 root root - from the machine"
    ];
    containers.web = {
      autoStart = true;
      privateNetwork = true;
      hostAddress = "192.168.100.10";
      localAddress = "192.168.100.11";
      bindMounts."/srv/www".hostPath = "/srv/shared";
      config = {
        networking.firewall.allowedTCPPorts = [ 80 ];
        services.nginx.enable = true;
        services.nginx.virtualHosts.localhost.locations."/".root = "/srv/www";
      };
    };
    containers.bridged = {
      privateNetwork = true;
      hostBridge = "br0";
      localAddress = "192.168.101.2/24";
      ephemeral = true;
      tmpfs = [ "/scratch" ];
      config =
        { pkgs, ... }:
        {
          environment.systemPackages = [ pkgs.hello ];
        };
    };
  };

  testScript = ''
    machine.wait_for_unit("multi-user.target")
    assert machine.succeed("nixos-container list").split() == ["bridged", "web"]
    machine.wait_for_unit("container@web.service")
    assert machine.succeed("nixos-container show-ip web").strip() == "192.168.100.11"
    machine.wait_until_succeeds("curl --fail --silent http://web.containers/greeting | grep 'from the machine'")
    assert "web" in machine.succeed("machinectl list --no-legend")

    # Its own system: name, services and files are not the machine's.
    assert machine.succeed("nixos-container run web -- hostname").strip() == "web"
    machine.fail("systemctl cat nginx.service")
    machine.succeed("nixos-container run web -- systemctl is-active nginx.service")
    machine.fail("nixos-container run web -- touch /srv/www/written")

    # What it keeps is there again.
    machine.succeed("nixos-container run web -- touch /root/kept")
    machine.succeed("nixos-container restart web")
    machine.succeed("nixos-container run web -- test -e /root/kept")
    machine.succeed("test -e /var/lib/nixos-containers/web/root/kept")

    with subtest("on a bridge, without a memory"):
        assert machine.succeed("nixos-container status bridged").strip() == "down"
        machine.fail("nixos-container run bridged -- true")
        machine.succeed("nixos-container start bridged")
        machine.wait_until_succeeds("ping -c 1 192.168.101.2")
        assert "Hello" in machine.succeed("nixos-container run bridged -- hello")
        machine.succeed("nixos-container run bridged -- mountpoint /scratch")
        machine.succeed("nixos-container run bridged -- touch /root/kept")
        machine.succeed("nixos-container stop bridged")
        machine.succeed("nixos-container start bridged")
        machine.fail("nixos-container run bridged -- test -e /root/kept")

    with subtest("what is on a bridge stays there while other interfaces come and go"):
        machine.wait_until_succeeds("ping -c 1 192.168.101.2")
        machine.succeed("/run/booted-system/specialisation/joined/bin/switch-to-configuration test >&2")
        machine.succeed("ip link show eth1 | grep 'master br0'", "ping -c 1 192.168.101.2")
        machine.succeed("nixos-container run bridged -- ping -c 1 192.168.101.3")
        machine.succeed("/run/booted-system/bin/switch-to-configuration test >&2", "ping -c 1 192.168.101.2")
        machine.fail("ip link show eth1 | grep 'master br0'")
        # Made again, the bridge has its address.
        machine.succeed("systemctl restart br0-netdev", "ip address show br0 | grep 192.168.101.1/24")
  '';
}
