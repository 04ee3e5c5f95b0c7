{ cofnig, ... }:
{
  networking.hostName = cofnig.services.web.enable;
}
