# Attributes of a set without options of their own.
{
  imports = [ { services.web.headers.server = "a"; } ];
  services.web.headers.server = "b";
}
