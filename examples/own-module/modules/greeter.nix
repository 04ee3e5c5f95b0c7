# Options under a namespace of one's own, so that nobody takes them for the distribution's.
{ config, lib, pkgs, ... }:
let
  cfg = config.mymodules.greeter;
in
{
  options.mymodules.greeter = {
    enable = lib.mkEnableOption "a service that greets whoever connects";
    dataDir = lib.mkOption {
      type = lib.types.path;
      default = "/var/lib/greeter";
      description = "Folder that is served.";
    };
    greeting = lib.mkOption {
      type = lib.types.str;
      default = "hello";
      description = "What is said.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.tmpfiles.rules = [
      "d ${cfg.dataDir} 0755 root root -"
      "L+ ${cfg.dataDir}/index.html - - - - ${pkgs.writeText "greeting" cfg.greeting}"
    ];
    systemd.services.greeter = {
      wantedBy = [ "multi-user.target" ];
      script = "exec ${pkgs.python3}/bin/python3 -m http.server --directory ${cfg.dataDir} 8000";
    };
  };
}
