# The driver as a package: a program with the configuration built in. Its build checks the script.
{
  lib,
  config,
  hostPkgs,
}:
let
  file = config.driverConfigurationFile;
  checked = lib.optionalString (config.scriptCheck != null) "# The script was checked: ${config.scriptCheck}";
  arguments = lib.escapeShellArgs config.extraDriverArgs;
in
hostPkgs.writeTextFile {
  name = lib.strings.sanitizeDerivationName "nixos-test-driver-${config.name}";
  executable = true;
  destination = "/bin/nixos-test-driver";
  text = ''
    #!${hostPkgs.runtimeShell}
    ${checked}
    export driverConfig=${file}
    exec -a nixos-test-driver ${hostPkgs.firn}/bin/firn ${arguments} "$@"
  '';
  meta.mainProgram = "nixos-test-driver";
}
