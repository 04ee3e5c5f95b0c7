{
  allowedUsers = [ [ "attrsOf" "anything" ] ];
  autoOptimiseStore = [ [ "attrsOf" "anything" ] ];
  binaryCachePublicKeys = [ [ "attrsOf" "anything" ] ];
  binaryCaches = [ [ "attrsOf" "anything" ] ];
  buildCores = [ [ "attrsOf" "anything" ] ];
  chrootDirs = [ [ "attrsOf" "anything" ] ];
  daemonGroup = [ "str" "root" ];
  daemonIONiceLevel = [ "int" ];
  daemonIOSchedPriority = [ "int" 4 ];
  daemonNiceLevel = [ "anything" ];
  daemonUser = [ "str" "root" ];
  envVars = [ "attrs" { } ];
  firewall = { allowLoopback = [ "anything" false ]; allowNonTCPUDP = [ "bool" false ]; allowPrivateNetworks = [ "anything" true ]; allowedTCPPorts = [ [ "listOf" [ "either" "str" "int" ] ] [ ] ]; allowedUDPPorts = [ [ "listOf" [ "either" "str" "int" ] ] [ ] ]; enable = [ "bool" false ]; extraNftablesRules = [ [ "listOf" "str" ] [ ] ]; };
  linux-builder = [ "open" { enable = [ "bool" false ]; } ];
  maxJobs = [ [ "attrsOf" "anything" ] ];
  optimise = { persistent = [ "bool" true ]; randomizedDelaySec = [ "str" "1800" ]; };
  requireSignedBinaryCaches = [ [ "attrsOf" "anything" ] ];
  sandboxPaths = [ [ "attrsOf" "anything" ] ];
  sshServe = { trusted = [ "bool" false ]; };
  systemFeatures = [ [ "attrsOf" "anything" ] ];
  trustedBinaryCaches = [ [ "attrsOf" "anything" ] ];
  trustedUsers = [ [ "attrsOf" "anything" ] ];
  useChroot = [ [ "attrsOf" "anything" ] ];
  useSandbox = [ [ "attrsOf" "anything" ] ];
}
