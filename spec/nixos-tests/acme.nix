# Certificates of an authority of the test's own: ordered by the web server they are for, in use without a restart,
# renewed, and not ordered again where nothing changed.
{ pkgs, ... }:
let
  authority = pkgs.runCommand "authority" { nativeBuildInputs = [ pkgs.openssl ]; } ''
    mkdir $out
    cd $out
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
      -subj /CN=acme.test -addext subjectAltName=DNS:acme.test -keyout key.pem -out cert.pem
  '';
  settings = (pkgs.formats.json { }).generate "pebble.json" {
    pebble = {
      listenAddress = "0.0.0.0:443";
      managementListenAddress = "0.0.0.0:15000";
      certificate = "${authority}/cert.pem";
      privateKey = "${authority}/key.pem";
      httpPort = 80;
      tlsPort = 443;
      ocspResponderURL = "";
      externalAccountBindingRequired = false;
    };
  };
in
{
  name = "acme";
  nodes.acme = {
    networking.firewall.enable = false;
    systemd.services.pebble = {
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      environment.PEBBLE_VA_NOSLEEP = "1";
      environment.PEBBLE_WFE_NONCEREJECT = "0";
      serviceConfig.ExecStart = "${pkgs.pebble}/bin/pebble -config ${settings}";
    };
  };
  nodes.web =
    { nodes, ... }:
    {
      environment.systemPackages = [ pkgs.openssl ];
      networking.firewall.allowedTCPPorts = [ 80 443 ];
      networking.extraHosts = "${nodes.acme.networking.primaryIPAddress} acme.test";
      security.pki.certificateFiles = [ "${authority}/cert.pem" ];
      security.acme = {
        acceptTerms = true;
        defaults.email = "someone@web.test";
        defaults.server = "https://acme.test/dir";
      };
      services.nginx.enable = true;
      services.nginx.virtualHosts.web = {
        enableACME = true;
        forceSSL = true;
        locations."/".return = "200 'from nginx'";
      };
    };
  nodes.other =
    { nodes, ... }:
    {
      networking.firewall.allowedTCPPorts = [ 80 443 ];
      networking.extraHosts = "${nodes.acme.networking.primaryIPAddress} acme.test";
      security.pki.certificateFiles = [ "${authority}/cert.pem" ];
      security.acme = {
        acceptTerms = true;
        defaults.server = "https://acme.test/dir";
      };
      services.httpd.enable = true;
      services.httpd.virtualHosts.other = {
        enableACME = true;
        forceSSL = true;
        documentRoot = pkgs.writeTextDir "index.html" "from apache";
      };
    };
  nodes.client.environment.systemPackages = [ pkgs.curl ];

  testScript = ''
    acme.wait_for_open_port(443)
    acme.wait_for_open_port(15000)
    # Orders that came too early fail; the machine's own certificate stands in.
    web.wait_for_unit("nginx.service")
    web.succeed("systemctl start acme-order-renew-web.service")
    web.succeed("test -e /var/lib/acme/web/acme-success")
    assert "nginx" in web.succeed("stat --format %G /var/lib/acme/web/key.pem")

    client.succeed("curl --insecure --fail https://acme:15000/roots/0 > /tmp/root.pem")
    client.wait_until_succeeds("curl --fail --cacert /tmp/root.pem https://web/ | grep 'from nginx'")
    client.succeed("curl --silent --head http://web/ | grep 'Location: https://web/'")

    other.wait_for_unit("httpd.service")
    other.succeed("systemctl start acme-order-renew-other.service")
    client.wait_until_succeeds("curl --fail --cacert /tmp/root.pem https://other/ | grep 'from apache'")

    # Nothing is due, so nothing is ordered.
    serial = "openssl x509 -noout -serial -in /var/lib/acme/web/cert.pem"
    first = web.succeed(serial)
    web.succeed("systemctl start acme-order-renew-web.service")
    assert web.succeed(serial) == first
    # What another configuration asks for is another certificate.
    web.succeed("rm /var/lib/acme/.lego/web/configuration")
    web.succeed("systemctl start acme-order-renew-web.service")
    assert web.succeed(serial) != first
    client.wait_until_succeeds("curl --fail --cacert /tmp/root.pem https://web/")
  '';
}
