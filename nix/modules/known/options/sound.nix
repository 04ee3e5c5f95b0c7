{
  enable = [ "anything" ];
  enableMediaKeys = [ "bool" ];
  enableOSSEmulation = [ "bool" ];
  extraConfig = [ "lines" ];
  mediaKeys = [ "anything" ];
}
