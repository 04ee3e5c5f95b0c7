# From the options of `boot.initrd.systemd` to the contents of the archive.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkIf;
  initrd = config.boot.initrd;
  cfg = initrd.systemd;
  unitLib = import ../../../systemd/units.nix { inherit lib pkgs; };
  networkFiles = import ../../../systemd/network/files.nix { inherit lib; } cfg.network;
  declared = import ../../../systemd/network/options.nix { inherit lib; };
  upstream = import ./upstream.nix;
  system = pkgs.stdenv.hostPlatform.system;
  systemd = cfg.package;
  luks = initrd.luks.devices != { } || initrd.luks.forceLuksSupportInInitrd;

  # Links into packages, by place below /usr.
  from =
    package: folder: place: names:
    lib.listToAttrs (
      map (name: lib.nameValuePair "${place}/${name}" { link = "${package}/${folder}/${name}"; }) names
    );
  withNetwork = lib.optionals cfg.network.enable;
  withChecks = lib.optionals (initrd.checkJournalingFS && lib.any (fs: lib.hasPrefix "ext" fs.fsType) bootMounts);
  programs = package: names: from package "bin" "bin" names;
  usr =
    from systemd "lib/systemd/system" "lib/systemd/system" (
      lib.subtractLists cfg.suppressedUnits (upstream.units ++ withNetwork upstream.network ++ withChecks upstream.checks)
    )
    // from systemd "lib/systemd" "lib/systemd" (
      upstream.helpers ++ withNetwork upstream.networkHelpers ++ withChecks upstream.checkHelpers
    )
    // from systemd "lib/systemd/system-generators" "lib/systemd/system-generators" upstream.generators
    // from systemd "lib/udev/rules.d" "lib/udev/rules.d" upstream.rules
    // programs systemd (upstream.programs ++ withNetwork upstream.networkPrograms)
    // lib.optionalAttrs luks (
      from pkgs.debian.dmsetup "lib/udev/rules.d" "lib/udev/rules.d" [
        "55-dm.rules"
        "60-persistent-storage-dm.rules"
        "95-dm-notify.rules"
      ]
      // programs pkgs.debian.dmsetup [ "dmsetup" ]
      # Loaded by name.
      // from pkgs.debian.libcryptsetup12 "lib/x86_64-linux-gnu" "lib/x86_64-linux-gnu" [
        "libcryptsetup.so.12"
      ]
    )
    // lib.optionalAttrs cfg.tpm2.enable (
      # libcryptsetup looks for what enrolled the key.
      from systemd "lib/x86_64-linux-gnu/cryptsetup" "lib/x86_64-linux-gnu/cryptsetup" [ "libcryptsetup-token-systemd-tpm2.so" ]
      // lib.concatMapAttrs (
        file: package: from pkgs.debian.${package} "lib/x86_64-linux-gnu" "lib/x86_64-linux-gnu" [ file ]
      ) (import ../../../security/tpm2/libraries.nix)
    )
    // from pkgs.debian.libgcc-s1 "lib/x86_64-linux-gnu" "lib/x86_64-linux-gnu" [ "libgcc_s.so.1" ]
    // programs pkgs.kmod [ "kmod" "modprobe" "insmod" "lsmod" "rmmod" ]
    // programs pkgs.util-linux [ "mount" "umount" "sulogin" "dmesg" "switch_root" ]
    // programs pkgs.util-linux (withChecks [ "fsck" ])
    // programs pkgs.e2fsprogs (withChecks [ "e2fsck" "fsck.ext2" "fsck.ext3" "fsck.ext4" ])
    // lib.optionalAttrs formatsExt4 (programs pkgs.e2fsprogs [ "mke2fs" "mkfs.ext2" "mkfs.ext3" "mkfs.ext4" ])
    // lib.optionalAttrs cfg.shell.enable (programs pkgs.bash [ "bash" "sh" ])
    // lib.mapAttrs' (name: path: lib.nameValuePair "bin/${name}" { link = "${path}"; }) cfg.extraBin
    // {
      sbin.link = "bin";
    };
  formatsExt4 = lib.any (fs: fs.autoFormat) bootMounts;
  bootMounts = lib.filter utils.fsNeededForBoot config.system.build.fileSystems;
  usrTree = import ../../../../../build/tree.nix {
    inherit system;
    name = "initrd-usr";
    entries = usr;
  };

  units = unitLib.generateUnits {
    type = "system";
    upstream = usrTree;
    packages = [ usrTree ];
    inherit (cfg) units;
    suppressed = [ ];
    links = {
      "default.target" = "initrd.target";
      "ctrl-alt-del.target" = "reboot.target";
    }
    // lib.concatMapAttrs (
      wanter: names:
      lib.listToAttrs (map (name: lib.nameValuePair "${wanter}.wants/${name}" name) names)
    ) upstream.wants;
  };

  mountName = utils.escapeSystemdPath;
  byPath =
    kind: defs:
    lib.listToAttrs (
      map (def: lib.nameValuePair "${mountName def.where}.${kind}" (unitLib.unitOf.${kind} def)) defs
    );
  kinds = {
    target = cfg.targets;
    service = cfg.services;
    socket = cfg.sockets;
    timer = cfg.timers;
    path = cfg.paths;
    slice = cfg.slices;
  };

  passwd = lib.concatStrings (
    lib.mapAttrsToList (
      name: user:
      "${name}:x:${toString user.uid}:${toString cfg.groups.${user.group}.gid}::${
        if name == "root" then "/root" else "/var/empty"
      }:${utils.toShellPath user.shell}\n"
    ) cfg.users
  );
  group = lib.concatStrings (
    lib.mapAttrsToList (name: g: "${name}:x:${toString g.gid}:\n") cfg.groups
  );
  rootHash =
    if cfg.emergencyAccess == true then
      ""
    else if lib.isString cfg.emergencyAccess then
      cfg.emergencyAccess
    else
      "*";
  shadow = "root:${rootHash}:::::::\n" + lib.concatMapStrings (name: "${name}:*:::::::\n") (
    lib.filter (name: name != "root") (lib.attrNames cfg.users)
  );

  contents = lib.filterAttrs (_: file: file.enable) cfg.contents;
  contentsTree = import ../../../../../build/tree.nix {
    inherit system;
    name = "initrd-contents";
    entries = lib.mapAttrs' (
      place: file:
      lib.nameValuePair (lib.removePrefix "/" place) (
        if file.text != null then { inherit (file) text; } else { link = "${file.source}"; }
      )
    ) contents;
  };
  initrdBin = lib.concatMap (package: [ "${package}/bin" ]) cfg.initrdBin;
in
{
  config = mkIf cfg.enable {
    boot.initrd.systemd.archive = {
      links = {
        "/init" = "${systemd}/lib/systemd/systemd";
        "/bin" = "usr/bin";
        "/sbin" = "usr/bin";
        "/lib" = "usr/lib";
        "/etc/systemd/system" = "${units}";
        "/var/run" = "../run";
        "/etc/mtab" = "/proc/self/mounts";
      };
      trees = {
        "/" = "${contentsTree}";
        "/usr" = "${usrTree}";
      };
      programs = initrdBin;
      storePaths = map (path: "${path}") (
        map (entry: if lib.isAttrs entry && !lib.isDerivation entry then entry.source else entry) cfg.storePaths
      );
      suppressed = cfg.suppressedStorePaths;
      folders = [
        "/dev"
        "/proc"
        "/root"
        "/run"
        "/sys"
        "/sysroot"
        "/tmp"
        "/var/empty"
        "/var/log"
      ];
    };
    boot.initrd.systemd = {
      # A shell without a password, for those who asked for it.
      services = mkIf (cfg.emergencyAccess == true) (
        lib.genAttrs [ "emergency" "rescue" ] (_: {
          overrideStrategy = "asDropin";
          environment.SYSTEMD_SULOGIN_FORCE = "1";
        })
      );
      units = unitLib.unitsOf kinds // byPath "mount" cfg.mounts // byPath "automount" cfg.automounts;
      users = {
        root = { };
        nobody = {
          uid = 65534;
          group = "nogroup";
        };
        systemd-network = mkIf cfg.network.enable {
          uid = 998;
          group = "systemd-network";
        };
      };
      groups = {
        root = { };
        nogroup.gid = 65534;
        systemd-network.gid = 998;
        # Named by the rules of udev.
        tty.gid = 5;
        disk.gid = 6;
        kmem.gid = 15;
        dialout.gid = 20;
        lp.gid = 7;
        cdrom.gid = 24;
        tape.gid = 26;
        audio.gid = 29;
        video.gid = 44;
        kvm.gid = 104;
        sgx.gid = 105;
        render.gid = 106;
        input.gid = 107;
      };
      extraBin = mkIf cfg.shell.enable (
        lib.genAttrs upstream.applets (_: lib.mkDefault "${pkgs.busybox}/bin/busybox")
      );
      contents = {
        "/etc/initrd-release".text = ''
          NAME="firn"
          ID=firn
          VERSION_ID="${config.system.nixos.release}"
        '';
        "/etc/passwd".text = passwd;
        "/etc/group".text = group;
        "/etc/shadow".text = shadow;
        "/etc/hostname" = mkIf (config.networking.hostName != "") {
          text = config.networking.hostName + "\n";
        };
        "/etc/modules-load.d/nixos.conf".text = lib.concatMapStrings (name: name + "\n") (
          # Whether all devices of such a file system are there is asked of its driver, before anything mounts it.
          lib.unique (config.boot.initrd.kernelModules ++ lib.optional (lib.any (fs: fs.fsType == "btrfs") bootMounts) "btrfs")
        );
        "/etc/modprobe.d/nixos.conf" = mkIf (config.environment.etc ? "modprobe.d/nixos.conf") {
          text = config.environment.etc."modprobe.d/nixos.conf".text;
        };
        "/etc/systemd/system.conf".text =
          "[Manager]\n" + unitLib.attrsToSection cfg.settings.Manager;
        "/etc/systemd/journald.conf".text = config.environment.etc."systemd/journald.conf".text;
        "/etc/udev/rules.d/99-local.rules" = mkIf (initrd.services.udev.rules != "") {
          text = initrd.services.udev.rules;
        };
        "/etc/mke2fs.conf" = mkIf formatsExt4 { source = "${pkgs.e2fsprogs}/etc/mke2fs.conf"; };
      }
      // lib.optionalAttrs cfg.network.enable (
        lib.mapAttrs' (
          name: text: lib.nameValuePair "/etc/systemd/network/${name}" { inherit text; }
        ) networkFiles
        // {
          "/etc/systemd/networkd.conf".text = declared.sectionsText cfg.network.config;
        }
      );
      settings.Manager = {
        ManagerEnvironment = mkIf (cfg.managerEnvironment != { }) (
          lib.concatStringsSep " " (
            lib.mapAttrsToList (name: value: "${name}=${lib.escapeShellArg value}") cfg.managerEnvironment
          )
        );
        DefaultTimeoutStartSec = lib.mkDefault config.systemd.settings.Manager.DefaultTimeoutStartSec or "90s";
        ShowStatus = lib.mkDefault (config.systemd.settings.Manager.ShowStatus or true);
      };
    };
  };
}
