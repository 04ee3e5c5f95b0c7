{
  activatable = [ "bool" true ];
  autoUpgrade = { allowReboot = [ "bool" false ]; channel = [ [ "nullOr" "str" ] null ]; dates = [ "str" "04:40" ]; enable = [ "bool" false ]; fixedRandomDelay = [ "bool" false ]; flags = [ [ "listOf" "str" ] [ ] ]; flake = [ [ "nullOr" "str" ] null ]; operation = [ [ "enum" [ "switch" "boot" ] ] "switch" ]; persistent = [ "bool" true ]; randomizedDelaySec = [ "str" "0" ]; rebootWindow = [ [ "nullOr" [ "submodule" { lower = [ "str" ]; upper = [ "str" ]; } ] ] null ]; runGarbageCollection = [ "bool" false ]; upgrade = [ "bool" true ]; };
  boot = { extraInitrd = { paths = [ [ "listOf" "str" ] [ ] ]; }; };
  checks = [ [ "listOf" "package" ] [ ] ];
  defaultChannel = [ "str" "https://channels.nixos.org/nixos-unstable" ];
  disableInstallerTools = [ "bool" false ];
  etc = { overlay = { enable = [ "bool" false ]; mutable = [ "bool" true ]; }; };
  forbiddenDependenciesRegex = [ [ "listOf" "str" ] ];
  fsPackages = [ "anything" [ ] ];
  includeBuildDependencies = [ "bool" false ];
  nixos-generate-config = [ "open" { enable = [ "bool" false ]; } ];
  nixos-init = { enable = [ "bool" false ]; package = [ "package" { pkgs = "nixos-init"; } ]; };
  nssDatabases = { subgid = [ [ "listOf" "str" ] [ ] ]; subuid = [ [ "listOf" "str" ] [ ] ]; sudoers = [ [ "listOf" "str" ] [ ] ]; };
  rebuild = { enableNg = [ "anything" ]; };
  replaceDependencies = { cutoffPackages = [ [ "listOf" "package" ] [ ] ]; replacements = [ [ "listOf" [ "submodule" { newDependency = [ "package" ]; oldDependency = [ "package" ]; } ] ] [ ] ]; };
  replaceRuntimeDependencies = [ [ "listOf" [ "submodule" { newDependency = [ "package" ]; oldDependency = [ "package" ]; } ] ] ];
  requiredKernelConfig = [ [ "listOf" "attrs" ] [ ] ];
  switch = { enableNg = [ "anything" ]; };
  tools = { nixos-build-vms = { enable = [ "bool" false ]; }; nixos-enter = { enable = [ "bool" false ]; }; nixos-generate-config = { enable = [ "bool" false ]; }; nixos-install = { enable = [ "bool" false ]; }; nixos-option = { enable = [ "bool" false ]; }; nixos-rebuild = { enable = [ "bool" false ]; enableRun0Elevation = [ "bool" false ]; }; nixos-version = { enable = [ "bool" false ]; }; };
}
