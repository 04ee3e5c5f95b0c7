let
  lib = rec {
    mkEnableOption = description: { inherit description; };
    mkIf = condition: content: if condition then content else { };
  };
  module = { config, lib, ... }:
  with lib;
  {
    options.services.kiwix = {
      enable = mkEnableOption "kiwix service";
    };
    config = mkIf cfg.enable {
      users.groups.kiwix = { };
    };
  };
in
(module { inherit lib; config = { }; }).config
