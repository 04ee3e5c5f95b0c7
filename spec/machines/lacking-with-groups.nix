# Services that base lacks, whose users are in the group of a web server.
{
  services.nextcloud = {
    enable = true;
    hostName = "cloud.example.com";
    config.adminpassFile = "/var/lib/secrets/admin";
    config.dbtype = "sqlite";
  };
  services.grocy.enable = true;
  services.grocy.hostName = "grocy.example.com";
}
