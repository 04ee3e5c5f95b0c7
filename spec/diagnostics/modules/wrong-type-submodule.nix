{
  services.web.hosts.main = "srv";
}
