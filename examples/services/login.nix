{ pkgs, ... }:
let
  keys = import "${pkgs.path}/nixos/tests/ssh-keys.nix" pkgs;
in
{
  name = "login";
  nodes.server = {
    services.openssh = {
      enable = true;
      settings.PasswordAuthentication = false;
      hostKeys = [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
    };
    users.users.alice = {
      isNormalUser = true;
      description = "Alice";
      extraGroups = [ "wheel" ];
      initialPassword = "wonder land";
      openssh.authorizedKeys.keys = [ keys.snakeOilPublicKey ];
    };
    users.users.bob = {
      isNormalUser = true;
      uid = 1100;
      shell = pkgs.bash;
      hashedPassword = "!";
    };
    users.motd = "Hello to this machine.";
    security.sudo.wheelNeedsPassword = false;
    security.sudo.extraRules = [
      {
        users = [ "bob" ];
        commands = [
          {
            command = "/run/current-system/sw/bin/id";
            options = [ "NOPASSWD" ];
          }
        ];
      }
    ];
    time.timeZone = "Europe/Berlin";
    i18n.defaultLocale = "C.UTF-8";
    environment.variables.GREETING = "hello";
    environment.shellAliases.greet = "echo $GREETING";
    environment.etc."greeting".text = "hi\n";
    programs.bash.interactiveShellInit = "FROM_INIT=yes";
    nix.settings.experimental-features = [
      "nix-command"
      "flakes"
    ];
    networking.hosts."10.9.8.7" = [ "elsewhere.test" ];
    networking.hostName = "wonder";
    networking.domain = "test";
    systemd.services.tick = {
      script = "echo tick >> /run/ticks";
      serviceConfig.Type = "oneshot";
    };
    systemd.timers.tick = {
      wantedBy = [ "timers.target" ];
      timerConfig.OnActiveSec = "1s";
      timerConfig.AccuracySec = "100ms";
    };
    systemd.tmpfiles.rules = [ "d /var/lib/thing 0750 alice users -" ];
    services.getty.autologinUser = "alice";
  };
  nodes.client.environment.systemPackages = [ pkgs.openssh ];
  testScript = ''
    start_all()
    server.wait_for_unit("sshd.service")
    server.wait_for_open_port(22)
    client.succeed("install -m 600 ${keys.snakeOilPrivateKey} /root/key")
    ssh = "ssh -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null alice@wonder "
    client.succeed(ssh + "id -un | grep alice")
    client.succeed(ssh + "sudo id -un | grep root")
    client.fail("ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null alice@wonder true")
    client.succeed(ssh + "\"bash -ic 'greet; echo \\$FROM_INIT'\" | grep hello")
    client.succeed("scp -i /root/key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null alice@wonder:/etc/greeting /tmp/ && grep hi /tmp/greeting")

    server.succeed("su - bob -c 'sudo -n /run/current-system/sw/bin/id -un' | grep root")
    server.fail("su - bob -c 'sudo -n true'")
    server.succeed("getent passwd bob | grep ':1100:'")
    server.succeed("getent passwd alice | grep ':Alice:/home/alice:'")
    server.succeed("id alice | grep wheel")
    server.succeed("test -d /home/alice")
    server.succeed("test \"$(stat -c %U:%a /var/lib/thing)\" = alice:750")

    server.succeed("date +%Z | grep CE")
    server.succeed("bash -lc 'test $LANG = C.UTF-8'")
    server.succeed("bash -lc 'test $GREETING = hello'")
    server.succeed("grep \"experimental-features = .*flakes\" /etc/nix/nix.conf")
    server.succeed("getent hosts elsewhere.test | grep 10.9.8.7")
    server.succeed("hostname | grep wonder")
    server.succeed("hostname -f | grep wonder.test")
    server.wait_until_succeeds("grep tick /run/ticks")
    server.succeed("systemctl list-timers | grep tick")
  '';
}
