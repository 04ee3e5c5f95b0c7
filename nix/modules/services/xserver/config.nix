# The text of `xorg.conf` (xorg.conf(5)).
{
  cfg,
  lib,
  server,
}:
let
  section = name: body: "Section \"${name}\"\n${body}EndSection\n\n";
  given = name: body: lib.optionalString (body != "") (section name body);
  modes = lib.concatMapStringsSep " " (r: "\"${toString r.x}x${toString r.y}\"") cfg.resolutions;
  depths = [
    16
    24
  ];
  display =
    depth:
    "SubSection \"Display\"\n  Depth ${toString depth}\n"
    + lib.optionalString (cfg.resolutions != [ ]) "  Modes ${modes}\n"
    + lib.optionalString (
      cfg.virtualScreen != null
    ) "  Virtual ${toString cfg.virtualScreen.x} ${toString cfg.virtualScreen.y}\n"
    + cfg.extraDisplaySettings
    + "EndSubSection\n";
  changesDisplays = cfg.resolutions != [ ] || cfg.virtualScreen != null || cfg.extraDisplaySettings != "";
  device =
    name:
    section "Device" (
      "Identifier \"Device-${name}\"\nDriver \"${name}\"\n" + cfg.deviceSection
    )
    + section "Screen" (
      "Identifier \"Screen-${name}\"\nDevice \"Device-${name}\"\nMonitor \"Monitor\"\n"
      + cfg.screenSection
      + lib.optionalString (cfg.defaultDepth != 0) "DefaultDepth ${toString cfg.defaultDepth}\n"
      + lib.optionalString changesDisplays (lib.concatMapStrings display depths)
    );
in
section "ServerFlags" (
  "Option \"AllowMouseOpenFail\" \"on\"\nOption \"DontZap\" \"${
    if cfg.enableCtrlAltBackspace then "off" else "on"
  }\"\n"
  + cfg.serverFlagsSection
)
+ section "Files" ("ModulePath \"${server}/lib/xorg/modules\"\n" + cfg.filesSection)
+ given "Module" cfg.moduleSection
+ section "InputClass" ''
  Identifier "every keyboard"
  MatchIsKeyboard "on"
  Driver "libinput"
  Option "XkbModel" "${cfg.xkb.model}"
  Option "XkbLayout" "${cfg.xkb.layout}"
  Option "XkbVariant" "${cfg.xkb.variant}"
  Option "XkbOptions" "${cfg.xkb.options}"
''
+ lib.concatMapStrings
  (kind: section "InputClass" "Identifier \"every ${kind}\"\nMatchIs${kind} \"on\"\nDriver \"libinput\"\n")
  [
    "Pointer"
    "Touchpad"
    "Touchscreen"
    "Tablet"
  ]
+ lib.concatMapStrings (body: section "InputClass" (body + "\n")) cfg.inputClassSections
+ section "Monitor" ("Identifier \"Monitor\"\n" + cfg.monitorSection)
+ section "ServerLayout" (
  "Identifier \"Layout\"\n"
  + cfg.serverLayoutSection
  + lib.concatMapStrings (name: "Screen \"Screen-${name}\"\n") cfg.videoDrivers
)
+ lib.concatMapStrings device cfg.videoDrivers
+ cfg.extraConfig
