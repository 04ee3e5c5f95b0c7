# A listing of the notes, mended: `:` after the head, `cfg`, the list in a list, the last semicolon.
{ config, pkgs, lib, ... }:
with lib;
let
  cfg = config.services.kiwix;
in
{
  options.services.kiwix = {
    enable = mkEnableOption "kiwix service";
  
    port = mkOption {
      type = types.int;
      description = "Port for the kiwix service";
      default = 1337;
    };
  
    wikis = mkOption {
      type = types.listOf types.path;
      description = "List of wiki ZIM files to serve";
      default = [];
    };
  };
  config = mkIf cfg.enable {
    # Setup the user that will run the service
    users.users.kiwix = {
      isSystemUser = true;
      group = "kiwix";
    };
    users.groups.kiwix = {};
  
    systemd.services.kiwix = {
      description = "Kiwix Wiki Service";
      after = ["network.target"];
      wantedBy = ["multi-user.target"];
  
      serviceConfig = let 
        files = lib.concatMapStrings (_: "${_} ") cfg.wikis;
      in {
        ExecStart = "${pkgs.kiwix-tools}/bin/kiwix-serve -p ${toString cfg.port} " + files;
        Type = "simple";
        User = "kiwix";
        Group = "kiwix";
        Restart = "always";
        RestartSec = "10";
        
        ReadWritePaths = map (wiki: "${wiki}") cfg.wikis;
      };
    };
  };
}
