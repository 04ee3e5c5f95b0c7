{
  services.web.enabel = true;
  services.wbe.port = 80;
}
