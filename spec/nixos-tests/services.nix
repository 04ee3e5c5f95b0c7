# Services of base: each is asked once, and those that could not stand beside another one have a machine of their own.
{ lib, pkgs, ... }:
{
  name = "services";
  globalTimeout = 600;

  nodes.mail = {
    environment.systemPackages = [ pkgs.dnsutils pkgs.python3 ];
    users.users.alice = {
      isNormalUser = true;
      password = "secret";
      shell = pkgs.zsh;
    };
    users.users.bob = {
      isNormalUser = true;
      shell = pkgs.fish;
    };
    programs.zsh = {
      enable = true;
      shellAliases.greet = "echo hello from zsh";
    };
    programs.fish = {
      enable = true;
      shellInit = "set -gx GREETING 'hello from fish'";
    };
    environment.variables.FROM_CONFIGURATION = "yes";
    services.postfix.enable = true;
    services.rspamd = {
      enable = true;
      postfix.enable = true;
    };
    services.dovecot2 = {
      enable = true;
      protocols = [ "pop3" ];
    };
    services.powerdns.enable = true;
    services.openssh = {
      enable = true;
      startWhenNeeded = true;
    };
    security.krb5 = {
      enable = true;
      settings = {
        libdefaults.default_realm = "EXAMPLE.ORG";
        realms."EXAMPLE.ORG".kdc = [ "one.example.org" "two.example.org" ];
      };
    };
    services.avahi = {
      enable = true;
      nssmdns4 = true;
      publish = {
        enable = true;
        addresses = true;
      };
    };
  };

  nodes.web = {
    environment.systemPackages = [ pkgs.dnsutils ];
    services.unbound = {
      enable = true;
      settings.server = {
        local-zone = "\"test.\" static";
        local-data = "\"here.test. A 192.0.2.7\"";
      };
    };
    services.dnsmasq = {
      enable = true;
      resolveLocalQueries = false;
      settings = {
        port = 5353;
        address = "/there.test/192.0.2.8";
      };
    };
    services.lighttpd = {
      enable = true;
      document-root = pkgs.writeTextDir "page.html" "a page";
    };
    services.varnish = {
      enable = true;
      listen = [
        {
          address = "127.0.0.1";
          port = 6081;
        }
      ];
      config = ''
        vcl 4.1;
        backend default { .host = "127.0.0.1"; .port = "80"; }
      '';
    };
    services.squid = {
      enable = true;
      # The proxy's usual rule against its own machine comes after this one.
      configText = ''
        http_access allow all
        http_port 3128
        pid_filename /run/squid.pid
        cache_log stdio:/var/log/squid/cache.log
        access_log stdio:/var/log/squid/access.log
        cache_effective_user squid squid
      '';
    };
    services.tinyproxy.enable = true;
    services.prometheus = {
      enable = true;
      globalConfig.scrape_interval = "1s";
      scrapeConfigs = [
        {
          job_name = "node";
          static_configs = [ { targets = [ "127.0.0.1:9100" ]; } ];
        }
      ];
      exporters.node = {
        enable = true;
        enabledCollectors = [ "systemd" ];
      };
      pushgateway.enable = true;
      alertmanager = {
        enable = true;
        configuration = {
          route.receiver = "nobody";
          receivers = [ { name = "nobody"; } ];
        };
      };
    };
    services.influxdb.enable = true;
    services.radicale = {
      enable = true;
      settings.auth.type = "none";
    };
    services.vsftpd = {
      enable = true;
      anonymousUser = true;
      anonymousUserNoPassword = true;
      anonymousUserHome = "/srv/ftp/";
    };
    services.opensmtpd = {
      enable = true;
      serverConfiguration = ''
        listen on lo
        action "local" maildir
        match for local action "local"
      '';
    };
    users.users.carol.isNormalUser = true;
    services.chrony.enable = true;
    services.cron.systemCronJobs = [ "@reboot root touch /tmp/from-cron" ];
    services.logrotate = {
      enable = true;
      settings."/var/log/growing.log" = {
        rotate = 2;
        size = "1";
      };
    };
    # It gives way to everything else, and the other machine is busy.
    systemd.services.logrotate.serviceConfig.Nice = lib.mkForce 0;
    services.openssh.enable = true;
    services.fail2ban.enable = true;
    programs.tmux.enable = true;
    programs.vim.defaultEditor = true;
    programs.gnupg.agent.enable = true;
  };

  testScript = ''
    start_all()
    mail.wait_for_unit("multi-user.target")

    with subtest("mail is judged, delivered and fetched"):
        mail.wait_for_open_port(25)
        mail.wait_for_unit("rspamd")
        mail.wait_for_file("/run/rspamd/rspamd-milter.sock")
        mail.succeed("printf 'Subject: hello\n\nthere\n' | sendmail alice@localhost")
        mail.wait_until_succeeds("ls /var/spool/mail/alice/new | grep -q .")
        mail.succeed("grep -ri '^X-Spam\\|^Subject: hello' /var/spool/mail/alice/new")
        mail.succeed(
            "python3 -c 'import poplib; p = poplib.POP3(\"localhost\"); p.user(\"alice\"); p.pass_(\"secret\"); "
            "assert len(p.list()[1]) == 1; p.quit()'"
        )

    with subtest("names are answered"):
        mail.wait_for_unit("pdns")
        mail.wait_until_succeeds("dig version.bind txt chaos @127.0.0.1 | grep PowerDNS")
        mail.wait_until_succeeds("getent hosts mail.local")

    with subtest("an ssh server is started for each connection"):
        mail.wait_for_unit("sshd-keygen")
        mail.succeed("ssh-keyscan -t ed25519 localhost | grep ed25519")
        mail.fail("systemctl is-active sshd.service")

    with subtest("lists are lines of their own in krb5.conf"):
        mail.succeed("test $(grep -c 'kdc = ' /etc/krb5.conf) = 2")

    with subtest("ports and protocols have names"):
        mail.succeed("getent services pop3 | grep 110/tcp")
        mail.succeed("getent protocols icmp && getent rpc nfs")

    with subtest("shells have the environment of the configuration"):
        assert mail.succeed("su - alice -c 'echo $FROM_CONFIGURATION; which ls'").split()[0] == "yes"
        assert "hello from zsh" in mail.succeed("su alice -c 'zsh -ic greet' 2>/dev/null")
        assert mail.succeed("env -i su - bob -c 'echo $GREETING, $FROM_CONFIGURATION'") == "hello from fish, yes\n"

    web.wait_for_unit("multi-user.target")

    with subtest("resolvers answer"):
        assert web.succeed("dig +short here.test @127.0.0.1") == "192.0.2.7\n"
        assert web.succeed("dig +short -p 5353 there.test @127.0.0.1") == "192.0.2.8\n"
        web.succeed("getent hosts here.test")

    with subtest("a page is reached through each proxy"):
        for proxy in ["", "-x http://127.0.0.1:3128", "-x http://127.0.0.1:8888"]:
            web.wait_until_succeeds(f"curl -fs {proxy} http://127.0.0.1/page.html | grep 'a page'")
        web.wait_until_succeeds("curl -fs http://127.0.0.1:6081/page.html | grep 'a page'")
        assert "text/html" in web.succeed("curl -fsI http://127.0.0.1/page.html")

    with subtest("numbers are collected"):
        web.wait_until_succeeds(
            "curl -fs 'http://127.0.0.1:9090/api/v1/query?query=node_systemd_system_running' | grep '\"job\":\"node\"'"
        )
        web.succeed("echo pushed 3 | curl -fs --data-binary @- http://127.0.0.1:9091/metrics/job/test")
        web.wait_until_succeeds("curl -fs http://127.0.0.1:9093/api/v2/status")
        web.succeed("curl -fs -XPOST http://127.0.0.1:8086/query --data-urlencode 'q=CREATE DATABASE one'")
        web.wait_until_succeeds("curl -fs http://127.0.0.1:5232/.web/ | grep -i radicale")

    with subtest("files and mail arrive"):
        web.succeed("echo a file > /srv/ftp/file; curl -fs ftp://127.0.0.1/file | grep 'a file'")
        web.succeed("printf 'Subject: hello\n\nthere\n' | sendmail carol@localhost")
        web.wait_until_succeeds("grep -r 'Subject: hello' /home/carol/Maildir/new")

    with subtest("time, jobs, logs and who is kept out"):
        web.wait_until_succeeds("chronyc -n tracking")
        web.wait_for_file("/tmp/from-cron")
        web.succeed("echo much > /var/log/growing.log; systemctl start logrotate; test -e /var/log/growing.log.1")
        web.wait_until_succeeds("fail2ban-client status sshd")

    with subtest("programs are set up"):
        web.succeed("tmux -L test new-session -d 'sleep 60' && tmux -L test show -g prefix | grep C-b")
        assert web.succeed("bash -lc 'echo $EDITOR'") == "vim\n"
        web.succeed("test -e /etc/systemd/user/sockets.target.wants/gpg-agent.socket; grep pinentry /etc/gnupg/gpg-agent.conf")

    for machine in machines:
        assert machine.succeed("systemctl --failed --no-legend") == "", "no unit failed"
  '';
}
