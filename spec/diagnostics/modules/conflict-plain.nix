# Properties around sets of definitions don't hide the lines of what is in them.
{ lib, config, ... }:
{
  config = lib.mkMerge [
    { networking.hostName = "mine"; }
    (lib.mkIf (config.services.web.port == 80) {
      networking.hostName = "other";
    })
  ];
}
