{
  additionalUpstreamUserUnits = [ [ "listOf" "str" ] [ ] ];
  coredump = { extraConfig = [ "anything" ]; settings = { Coredump = [ [ "submodule" { } [ "attrsOf" "anything" ] ] { } ]; }; };
  enableUnifiedCgroupHierarchy = [ "anything" ];
  generator-packages = [ "anything" ];
  generatorEnvironment = [ [ "attrsOf" "str" ] { } ];
  generatorPath = [ [ "listOf" "package" ] [ ] ];
  network = { wait-online = { ignoredInterfaces = [ [ "listOf" "str" ] [ ] ]; }; };
  nspawn = [ [ "attrsOf" [ "submodule" { enable = [ "bool" true ]; execConfig = [ [ "attrsOf" "anything" ] { } ]; filesConfig = [ [ "attrsOf" "anything" ] { } ]; networkConfig = [ [ "attrsOf" "anything" ] { } ]; } ] ] { } ];
  oomd = { enableRootSlice = [ "bool" false ]; enableSystemSlice = [ "bool" false ]; enableUserServices = [ "bool" ]; enableUserSlices = [ "bool" false ]; extraConfig = [ [ "submodule" { } [ "attrsOf" "anything" ] ] ]; settings = { OOM = [ [ "submodule" { } [ "attrsOf" "anything" ] ] { } ]; }; };
  repart = { enable = [ "bool" false ]; partitions = [ [ "attrsOf" [ "attrsOf" [ "either" [ "either" [ "either" "str" "int" ] "bool" ] [ "listOf" "str" ] ] ] ] { } ]; };
  shutdownRamfs = { contents = [ [ "attrsOf" [ "submodule" { dlopen = { features = [ [ "listOf" "str" ] [ ] ]; usePriority = [ [ "enum" [ "required" "recommended" "suggested" ] ] "recommended" ]; }; enable = [ "bool" true ]; source = [ "path" ]; target = [ [ "nullOr" "path" ] null ]; text = [ [ "nullOr" "lines" ] null ]; } ] ] ]; enable = [ "bool" true ]; shell = { enable = [ "bool" false ]; }; storePaths = [ [ "listOf" "anything" ] [ ] ]; };
  sleep = { settings = { Sleep = [ [ "submodule" { } [ "attrsOf" "anything" ] ] { } ]; }; };
  sysupdate = { enable = [ "bool" false ]; reboot = { enable = [ "bool" false ]; timerConfig = [ [ "attrsOf" "anything" ] { } ]; }; timerConfig = [ [ "attrsOf" "anything" ] { } ]; transfers = [ [ "attrsOf" [ "attrsOf" [ "attrsOf" [ "either" [ "nullOr" "anything" ] [ "listOf" [ "nullOr" "anything" ] ] ] ] ] ] { } ]; };
  sysusers = { enable = [ "bool" false ]; };
  tpm2 = { enable = [ "bool" false ]; pcrphases = { enable = [ "bool" false ]; }; };
  user = { settings = { Manager = [ [ "submodule" { } [ "attrsOf" "anything" ] ] { } ]; }; tmpfiles = { enable = [ "bool" true ]; rules = [ [ "listOf" "str" ] [ ] ]; users = [ [ "attrsOf" [ "submodule" { rules = [ [ "listOf" "str" ] [ ] ]; } ] ] { } ]; }; };
}
