{
  services.web.hosts."example.org" = {
    root = [ "/srv" ];
  };
}
