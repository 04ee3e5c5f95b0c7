# irqbalance: spreads interrupts over processors.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.irqbalance;
in
{
  options.services.irqbalance = {
    enable = lib.mkEnableOption "irqbalance, which spreads interrupts over processors";
    package = lib.mkPackageOption pkgs "irqbalance" { };
  };
  config = lib.mkIf cfg.enable (
    import ../../debian-service.nix {
      inherit (cfg) package;
      unit = "irqbalance";
      settings = {
        wantedBy = [ "multi-user.target" ];
        # The package's unit names files of Debian's.
        serviceConfig = {
          EnvironmentFile = "";
          ExecStart = [ "" "${lib.getExe cfg.package} --foreground --journal" ];
        };
      };
    }
  );
}
