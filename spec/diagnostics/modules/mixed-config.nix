{
  config.networking.hostName = "mine";
  services.web.enable = true;
}
