{ site ? "home", ... }:
{
  networking.hostName = site;
}
