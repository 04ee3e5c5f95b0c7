# Language and character set.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.i18n;
in
{
  options.i18n = {
    defaultLocale = mkOption {
      type = types.str;
      default = "C.UTF-8";
      example = "en_US.UTF-8";
      description = "Locale of programs. `C.UTF-8` is part of the C library; others need Debian's `locales-all`.";
    };
    extraLocaleSettings = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        LC_MESSAGES = "en_US.UTF-8";
      };
      description = "Locale of single categories.";
    };
    extraLocales = mkOption {
      type = types.either (types.listOf types.str) (types.enum [ "all" ]);
      default = [ ];
      description = "Further locales.";
    };
    supportedLocales = mkOption {
      type = types.listOf types.str;
      default = [ "${cfg.defaultLocale}/UTF-8" ];
      description = "Locales that are there.";
    };
    inputMethod.enable = mkOption {
      type = types.bool;
      default = false;
      description = "Whether an input method is used.";
    };
  };
  config = {
    environment.sessionVariables = {
      LANG = cfg.defaultLocale;
    }
    // cfg.extraLocaleSettings;
    environment.etc."locale.conf".text = lib.concatStrings (
      lib.mapAttrsToList (name: value: "${name}=${value}\n") (
        { LANG = cfg.defaultLocale; } // cfg.extraLocaleSettings
      )
    );
  };
}
