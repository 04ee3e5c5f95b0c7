{
  services.web = true;
}
