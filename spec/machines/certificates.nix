{
  security.acme.acceptTerms = true;
  security.acme.defaults.email = "someone@example.com";
  security.acme.certs."inner.example.com" = {
    domain = "*.example.com";
    dnsProvider = "rfc2136";
    environmentFile = "/var/lib/secrets/names";
  };
  services.nginx.enable = true;
  services.nginx.virtualHosts."example.com" = {
    forceSSL = true;
    enableACME = true;
    serverAliases = [ "www.example.com" ];
    locations."/".root = "/srv/www";
  };
  services.nginx.virtualHosts."inner.example.com" = {
    addSSL = true;
    useACMEHost = "inner.example.com";
    acmeRoot = null;
    locations."/".proxyPass = "http://127.0.0.1:3000";
  };
}
