{ lib, ... }:
{
  services.web.hosts = lib.mkMerge [
    { "example.org".root = lib.mkDefault "/srv/a"; }
    { "example.org".root = lib.mkDefault "/srv/b"; }
  ];
}
