# A service that shows a text to whoever asks for it.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.notes;
in
{
  options.services.notes = {
    enable = lib.mkEnableOption "the notes";
    port = lib.mkOption {
      type = lib.types.port;
      default = 8080;
      description = "TCP port.";
    };
    openFirewall = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Whether others may ask.";
    };
    text = lib.mkOption {
      type = lib.types.lines;
      default = "";
      description = "What is shown.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.text != "";
        message = "services.notes.text is empty: there is nothing to show.";
      }
    ];
    networking.firewall.allowedTCPPorts = lib.optional cfg.openFirewall cfg.port;
    systemd.services.notes = {
      description = "Notes";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      serviceConfig = {
        DynamicUser = true;
        WorkingDirectory = pkgs.writeTextDir "notes.txt" cfg.text;
        ExecStart = "${pkgs.python3}/bin/python3 -m http.server ${toString cfg.port}";
      };
    };
  };
}
