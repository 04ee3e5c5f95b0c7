# Fonts, and how programs find them: `/etc/fonts`.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines;
  cfg = config.fonts;
  families =
    default: description:
    mkOption {
      type = types.listOf types.str;
      inherit default description;
    };
  prefer = family: names: ''
    <alias binding="same">
      <family>${family}</family>
      <prefer>${lib.concatMapStrings (name: "<family>${name}</family>") names}</prefer>
    </alias>
  '';
in
{
  options.fonts = {
    packages = mkOption {
      type = types.listOf types.path;
      default = [ ];
      example = lib.literalExpression "[ pkgs.dejavu_fonts ]";
      description = "Packages with fonts below `share/fonts`.";
    };
    enableDefaultPackages = flag config.services.xserver.enable "Whether fonts are there that most languages can be written with.";
    fontconfig = {
      enable = flag config.services.xserver.enable "Whether programs find fonts by `/etc/fonts`.";
      localConf = lines "Elements of fontconfig's configuration, as a whole document.";
      defaultFonts = {
        serif = families [ "DejaVu Serif" ] "Fonts with serifs, the best first.";
        sansSerif = families [ "DejaVu Sans" ] "Fonts without serifs.";
        monospace = families [ "DejaVu Sans Mono" ] "Fonts whose letters are equally wide.";
        emoji = families [ "Noto Color Emoji" ] "Fonts with emoji.";
      };
    };
  };
  config = {
    fonts.packages = lib.mkIf cfg.enableDefaultPackages [ pkgs.dejavu_fonts ];
    environment.etc = lib.mkIf cfg.fontconfig.enable {
      "fonts/fonts.conf".text = ''
        <?xml version="1.0"?>
        <!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
        <fontconfig>
          ${lib.concatMapStrings (package: "<dir>${package}/share/fonts</dir>\n") cfg.packages}
          <dir prefix="xdg">fonts</dir>
          <include ignore_missing="yes">/etc/fonts/local.conf</include>
          ${prefer "serif" cfg.fontconfig.defaultFonts.serif}
          ${prefer "sans-serif" cfg.fontconfig.defaultFonts.sansSerif}
          ${prefer "monospace" cfg.fontconfig.defaultFonts.monospace}
          ${prefer "emoji" cfg.fontconfig.defaultFonts.emoji}
          <cachedir>/var/cache/fontconfig</cachedir>
          <cachedir prefix="xdg">fontconfig</cachedir>
        </fontconfig>
      '';
      "fonts/local.conf" = lib.mkIf (cfg.fontconfig.localConf != "") { text = cfg.fontconfig.localConf; };
    };
  };
}
