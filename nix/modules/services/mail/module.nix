# Which mail server's `sendmail` is the system's.
{ config, lib, ... }:
{
  options.services.mail.sendmailSetuidWrapper = lib.mkOption {
    type = lib.types.nullOr lib.types.attrs;
    default = null;
    internal = true;
    description = "The wrapper of the system's `sendmail`.";
  };
}
