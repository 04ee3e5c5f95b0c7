{
  services.httpd.enable = 1;
}
