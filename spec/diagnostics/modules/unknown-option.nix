{
  services.web.enabel = true;
}
