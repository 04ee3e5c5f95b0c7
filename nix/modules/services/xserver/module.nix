# The X server: its configuration, what it needs around it. Who starts it is a display manager.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag lines maybe names text;
  cfg = config.services.xserver;
  dm = config.services.xserver.displayManager;
  server = pkgs.xorg-server;
  size = types.submodule {
    options = {
      x = mkOption {
        type = types.ints.positive;
        description = "Width.";
      };
      y = mkOption {
        type = types.ints.positive;
        description = "Height.";
      };
    };
  };
  configFile = pkgs.writeText "xorg.conf" (import ./config.nix { inherit cfg lib server; });
in
{
  options.services.xserver = {
    enable = flag false "Whether the X server runs.";
    autorun = flag true "Whether it starts with the machine.";
    exportConfiguration = flag false "Whether its configuration is at `/etc/X11/xorg.conf` as well.";
    enableTCP = flag false "Whether it listens in the network.";
    enableCtrlAltBackspace = flag false "Whether Ctrl-Alt-Backspace ends it.";
    terminateOnReset = flag true "Whether it ends with its last client.";
    updateDbusEnvironment = flag false "Whether services of D-Bus get the session's environment.";
    excludePackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Programs that are not installed with it.";
    };
    videoDrivers = names "Drivers of the graphics, the first that fits is taken." // {
      default = [
        "modesetting"
        "fbdev"
      ];
    };
    resolutions = mkOption {
      type = types.listOf size;
      default = [ ];
      example = [
        {
          x = 1024;
          y = 768;
        }
      ];
      description = "Resolutions, the best first; with none the server chooses.";
    };
    virtualScreen = maybe size "Size of the screen that the monitor shows a part of.";
    dpi = maybe types.int "Dots per inch of the screen.";
    display = mkOption {
      type = types.nullOr types.int;
      default = 0;
      description = "Number of the display; null leaves it to the display manager.";
    };
    tty = mkOption {
      type = types.nullOr types.int;
      default = 7;
      description = "The virtual terminal it takes, where the display manager does not choose.";
    };
    verbose = mkOption {
      type = types.nullOr types.int;
      default = 3;
      description = "How much it says.";
    };
    logFile = mkOption {
      type = types.nullOr types.str;
      default = "/dev/null";
      description = "Where it says so, beside the journal.";
    };
    defaultDepth = mkOption {
      type = types.int;
      default = 0;
      description = "Bits of a colour; 0 leaves it to the driver.";
    };
    autoRepeatDelay = maybe types.int "Milliseconds before a key that is held repeats.";
    autoRepeatInterval = maybe types.int "Milliseconds between repetitions.";
    inputClassSections = names "Sections `InputClass`, each as its lines.";
    deviceSection = lines "Lines for the section `Device` of the X server's configuration.";
    monitorSection = lines "Lines for the section `Monitor`.";
    screenSection = lines "Lines for the section `Screen`.";
    filesSection = lines "Lines for the section `Files`.";
    moduleSection = lines "Lines for the section `Module`.";
    serverFlagsSection = lines "Lines for the section `ServerFlags`.";
    serverLayoutSection = lines "Lines for the section `ServerLayout`.";
    extraDisplaySettings = lines "Lines for the sections `Display`.";
    extraConfig = lines "Further sections.";
    xkb = {
      layout = text "us" "Layouts of the keyboard, with commas between them.";
      variant = text "" "Variants of the layouts.";
      options = mkOption {
        type = types.commas;
        default = "terminate:ctrl_alt_bksp";
        description = "Options of the keyboard.";
      };
      model = text "pc104" "The keyboard's model.";
      dir = mkOption {
        type = types.path;
        default = "${pkgs.xkeyboard_config}/share/X11/xkb";
        defaultText = lib.literalExpression ''"''${pkgs.xkeyboard_config}/share/X11/xkb"'';
        description = "What is known of keyboards.";
      };
    };
    wacom.enable = flag false "Whether tablets of Wacom are set up.";
  };
  config = lib.mkMerge [
    {
      assertions = [
        {
          assertion = !(lib.elem "nvidia" cfg.videoDrivers);
          message = config.hardware.nvidia.notFree;
        }
        {
          assertion = !(cfg.enable && config.boot.isContainer);
          message = "services.xserver.enable: a container has no screen; a test's node is a virtual machine then (`--backend vm`).";
        }
      ];
    }
    (lib.mkIf (cfg.enable && !config.boot.isContainer) {
      # Which seat has a screen, and what a keyboard is, udev's rules say of every device.
      services.udev.allHardware = lib.mkDefault true;
      services.libinput.enable = lib.mkDefault true;
      boot.kernelModules = [ "evdev" ];
      # Where the server, and programs of Debian's, look for their files.
      system.usrPackages = [
        server
        pkgs.debian.x11-xkb-utils
        pkgs.xkeyboard_config
        pkgs.debian.libx11-data
      ];
      environment.systemPackages =
        lib.filter (package: !(lib.elem package cfg.excludePackages)) [
          server
          pkgs.debian.x11-utils
          pkgs.debian.x11-xserver-utils
          pkgs.debian.x11-xkb-utils
          pkgs.xauth
          pkgs.xterm
        ];
      environment.etc = lib.optionalAttrs cfg.exportConfiguration { "X11/xorg.conf".source = configFile; };
      services.displayManager.enable = lib.mkDefault true;
      systemd.defaultUnit = lib.mkIf cfg.autorun (lib.mkDefault "graphical.target");
      services.xserver.displayManager = {
        xserverBin = "${server}/lib/xorg/Xorg";
        xserverArgs = [
          "-config ${configFile}"
          "-xkbdir ${cfg.xkb.dir}"
        ]
        ++ lib.optional (cfg.display != null) ":${toString cfg.display}"
        ++ lib.optional (cfg.dpi != null) "-dpi ${toString cfg.dpi}"
        ++ lib.optional (cfg.logFile != null) "-logfile ${cfg.logFile}"
        ++ lib.optional (cfg.verbose != null) "-verbose ${toString cfg.verbose}"
        ++ lib.optional (!cfg.enableTCP) "-nolisten tcp"
        ++ lib.optional (cfg.autoRepeatDelay != null) "-ardelay ${toString cfg.autoRepeatDelay}"
        ++ lib.optional (cfg.autoRepeatInterval != null) "-arinterval ${toString cfg.autoRepeatInterval}"
        ++ lib.optional cfg.terminateOnReset "-terminate";
        # Who shows the way in when nothing else is chosen.
        lightdm.enable = lib.mkIf (!config.services.displayManager.otherIsEnabled) (lib.mkDefault true);
      };
    })
  ];
}
