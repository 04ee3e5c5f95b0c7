# `options` in place of `config`.
{ options, ... }:
{
  networking.hostName = options.system.version;
}
