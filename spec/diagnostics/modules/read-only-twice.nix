# Both definitions are the user's: the first one is the entry, the second is imported.
{ lib, ... }:
{
  imports = [ ./read-only-twice.other.nix ];
  options.system.stateVersion = lib.mkOption { readOnly = true; };
  config.system.stateVersion = "26.05";
}
