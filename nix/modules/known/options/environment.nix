{
  blcr = { enable = [ "anything" ]; };
  budgie = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  checkConfigurationOptions = [ "bool" ];
  cinnamon = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  cosmic = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  debuginfodServers = [ [ "listOf" "str" ] [ ] ];
  enableDebugInfo = [ "bool" false ];
  enlightenment = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  freetds = [ [ "attrsOf" "str" ] { } ];
  gnome = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  gnome3 = [ "open" { excludePackages = [ [ "listOf" "package" ] [ ] ]; } ];
  ldso = [ [ "nullOr" "path" ] null ];
  ldso32 = [ [ "nullOr" "path" ] null ];
  lxqt = { excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  mate = { excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  pantheon = { excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  plasma6 = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
  shell = { enable = [ "bool" true ]; };
  stub-ld = { enable = [ "bool" true ]; };
  unixODBCDrivers = [ [ "listOf" "package" ] [ ] ];
  wordlist = { enable = [ "bool" false ]; lists = [ [ "attrsOf" [ "listOf" "path" ] ] { } ]; };
  wvdial = { dialerDefaults = [ "str" "" ]; pppDefaults = [ "str" "noipdefault\nusepeerdns\ndefaultroute\npersist\nnoauth\n" ]; };
  xfce = { enable = [ "bool" false ]; excludePackages = [ [ "listOf" "package" ] [ ] ]; };
}
