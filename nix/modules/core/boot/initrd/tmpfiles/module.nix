# Files and folders that the initial file system makes, in itself and below the machine's root.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption mkIf;
  cfg = config.boot.initrd.systemd;
  wanted = cfg.enable && cfg.tmpfiles.settings != { };
  program = "${cfg.package}/bin/systemd-tmpfiles";
  # Where the machine's root is when it is put together.
  root = "/sysroot";
  service = extra: {
    wantedBy = [ extra.target ];
    before = [ extra.target "shutdown.target" ] ++ extra.before or [ ];
    inherit (extra) description after;
    conflicts = [ "shutdown.target" ];
    unitConfig = {
      DefaultDependencies = false;
      RefuseManualStop = true;
    };
    serviceConfig = {
      Type = "oneshot";
      RemainAfterExit = true;
      ExecStart = "${program} ${extra.options} --create --remove --boot --exclude-prefix=/dev";
      SuccessExitStatus = "DATAERR CANTCREAT";
    };
  };
in
{
  options.boot.initrd.systemd.tmpfiles.settings = mkOption {
    inherit (options.systemd.tmpfiles.settings) type;
    default = { };
    example = {
      "10-keep"."/sysroot/etc/keep".d.mode = "0755";
    };
    description = "Entries by file, path and kind, as in `systemd.tmpfiles.settings`; the machine's root is below `/sysroot`.";
  };
  config = mkIf wanted {
    boot.initrd.systemd = {
      contents = lib.mapAttrs' (
        name: paths:
        lib.nameValuePair "/etc/tmpfiles.d/${name}.conf" {
          text = config.systemd.tmpfiles.textOf paths;
        }
      ) cfg.tmpfiles.settings;
      storePaths = [ program ];
      services = {
        systemd-tmpfiles-setup = service {
          description = "Create Volatile Files and Directories";
          target = "sysinit.target";
          options = "--exclude-prefix=${root}";
          after = [ "systemd-udevd.service" "systemd-modules-load.service" ];
        };
        systemd-tmpfiles-setup-sysroot = service {
          description = "Create Volatile Files and Directories in the Real Root";
          target = "initrd-fs.target";
          options = "--prefix=${root}";
          before = [ "initrd.target" "initrd-switch-root.target" ];
          after = [ "initrd-root-fs.target" "sysroot.mount" ];
        };
      };
    };
  };
}
