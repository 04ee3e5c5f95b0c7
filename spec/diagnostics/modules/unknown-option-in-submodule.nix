{
  services.web.hosts."example.org".rot = "/srv";
}
