{
  services.web.enable = "true";
}
