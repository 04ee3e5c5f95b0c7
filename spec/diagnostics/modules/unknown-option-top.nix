{
  service.web.enable = true;
}
