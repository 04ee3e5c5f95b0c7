# The value is wrong as well; the message is about the option.
{ lib, config, ... }:
{
  services.web.enabel = lib.mkDefault config.services.mail.enable;
}
