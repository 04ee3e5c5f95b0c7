# What is set of a service that base knows by name only can be read elsewhere.
{ config, ... }:
{
  services.glance = {
    enable = true;
    settings.server.port = 5678;
  };
  services.chhoto-url.enable = true;
  services.chhoto-url.settings.port = 4567;
  services.nginx.enable = true;
  services.nginx.virtualHosts.localhost.locations = {
    "/".proxyPass = "http://127.0.0.1:${toString config.services.glance.settings.server.port}";
    "/short".proxyPass = "http://127.0.0.1:${toString config.services.chhoto-url.settings.port}";
  };
}
