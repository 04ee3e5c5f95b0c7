# The text console.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.console;
  wanted = cfg.keyMap != "us" || cfg.font != null || cfg.packages != [ ];
  tool = "${pkgs.busybox}/bin/busybox";
  folders = kind: map (package: "${package}/share/${kind}") (cfg.packages ++ [ pkgs.kbd ]);
  searched.LOADKEYS_KEYMAP_PATH = lib.concatMapStringsSep ":" (folder: "${folder}/**") (folders "keymaps");
  # The layout in the form that the kernel takes, for the initial file system.
  keymap = pkgs.runCommandLocal "keymap" searched ''
    ${pkgs.kbd}/bin/loadkeys -b -u ${lib.escapeShellArg cfg.keyMap} > $out || {
      echo "console.keyMap: there is no layout ${cfg.keyMap}; layouts are files below ${pkgs.kbd}/share/keymaps, and console.packages adds others" >&2
      exit 1
    }
  '';
  font = pkgs.runCommandLocal "font.psf" { } ''
    for file in ${lib.concatMapStringsSep " " (f: "${f}/${cfg.font}{,.*}") (folders "consolefonts")} ${lib.optionalString (lib.hasPrefix "/" cfg.font) cfg.font}; do
      test -f "$file" || continue
      case "$file" in
        *.gz) ${pkgs.gzip}/bin/gzip -dc "$file" > $out ;;
        *) cp "$file" $out ;;
      esac
      exit 0
    done
    echo "console.font: there is no font ${cfg.font}; fonts are files in ${pkgs.kbd}/share/consolefonts, and console.packages adds others" >&2
    exit 1
  '';
  setup = {
    description = "Virtual Console Setup";
    before = [ "sysinit.target" ];
    unitConfig = {
      DefaultDependencies = false;
      ConditionPathExists = "/dev/tty0";
    };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
    };
  };
  colorParameter =
    entry:
    "vt.default_${lib.head entry}=${
      lib.concatMapStringsSep "," (color: "0x" + lib.substring (lib.last entry) 2 color) cfg.colors
    }";
in
{
  options.console = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether there are text consoles.";
    };
    keyMap = mkOption {
      type = types.either types.str types.path;
      default = "us";
      description = "Keyboard layout.";
    };
    font = mkOption {
      type = types.nullOr (types.either types.str types.path);
      default = null;
      description = "Font.";
    };
    colors = mkOption {
      type = types.listOf (types.strMatching "[[:xdigit:]]{6}");
      default = [ ];
      description = "The sixteen colours.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Packages with fonts and layouts.";
    };
    useXkbConfig = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the layout is the X server's.";
    };
    earlySetup = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the console is set up in the initial file system.";
    };
  };
  config = lib.mkMerge [
    {
      console.keyMap = lib.mkIf cfg.useXkbConfig (
        pkgs.runCommandLocal "xkb-console-keymap" { } (
          with config.services.xserver.xkb;
          ''
            ${pkgs.perl}/bin/perl ${pkgs.debianGroups.console-setup}/bin/ckbcomp \
              -I${pkgs.debianGroups.xkb-data}/share/X11/xkb \
              -model '${model}' -layout '${layout}' -option '${options}' -variant '${variant}' > $out
          ''
        )
      );
    }
    (lib.mkIf cfg.enable {
      environment.etc."vconsole.conf".text =
        "KEYMAP=${cfg.keyMap}\n" + lib.optionalString (cfg.font != null) "FONT=${cfg.font}\n";
    })
    (lib.mkIf (cfg.enable && cfg.colors != [ ]) {
      boot.kernelParams = map colorParameter [
        [ "red" 0 ]
        [ "grn" 2 ]
        [ "blu" 4 ]
      ];
    })
    # The kernel itself begins with the layout `us` and a font.
    (lib.mkIf (cfg.enable && !config.boot.isContainer && wanted) {
      environment.systemPackages = [ pkgs.kbd ];
      # A layout that is not there is told when the system is built.
      system.checks = [ keymap ] ++ lib.optional (cfg.font != null) font;
      systemd.services.systemd-vconsole-setup = setup // {
        wantedBy = [ "sysinit.target" ];
        environment = searched;
        serviceConfig = setup.serviceConfig // {
          ExecStart = [ "-${pkgs.kbd}/bin/loadkeys -q -u ${lib.escapeShellArg cfg.keyMap}" ]
          ++ lib.optionals (cfg.font != null) (
            map (n: "-${pkgs.kbd}/bin/setfont -C /dev/tty${toString n} ${font}") (lib.range 1 6)
          );
        };
      };
      boot.initrd.systemd = {
        services.systemd-vconsole-setup = setup // {
          # Passphrases are typed with the layout.
          wantedBy = [ "sysinit.target" ];
          before = setup.before ++ [ "cryptsetup-pre.target" "systemd-ask-password-console.path" ];
          serviceConfig = setup.serviceConfig // {
            ExecStart = [ "-${tool} sh -c '${tool} loadkmap < ${keymap}'" ]
            ++ lib.optional (cfg.earlySetup && cfg.font != null) "-${tool} sh -c '${tool} loadfont < ${font}'";
          };
        };
        contents."/etc/vconsole.conf".text = config.environment.etc."vconsole.conf".text;
        storePaths = [ keymap ] ++ lib.optional (cfg.earlySetup && cfg.font != null) font;
      };
    })
  ];
}
