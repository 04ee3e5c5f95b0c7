# Groups of maintainers.
{ lib }:
{
  firn = {
    members = [ lib.maintainers.firn ];
    scope = "Everything in this distribution.";
    shortName = "firn";
  };
}
