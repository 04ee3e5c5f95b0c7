# A module, and what published code calls as a function of `config` to read the script that makes accounts.
# Activation makes them itself here, from data: there is nothing for a script to do.
{ ... }:
{
  imports = [ ../../../modules/core/users/module.nix ];
  config.system.activationScripts.users = "";
}
