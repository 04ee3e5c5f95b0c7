# Nodes that are virtual machines: what the kernel is told, and what a machine of a test does without.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  v = config.virtualisation;
  # Where the driver starts the kernel it says this itself.
  quickParameters = [
    "mitigations=off"
    "nokaslr"
    "norandmaps"
    "audit=0"
    "cryptomgr.notests"
    # A test of a function that nothing uses.
    "initcall_blacklist=crypto_kdf108_init"
    "init_on_alloc=0"
    "rcupdate.rcu_expedited=1"
    "transparent_hugepage=never"
    "nowatchdog"
    "psi=0"
  ];
  # Cards come in the order of `interfaces`, behind the one to the host; the kernel calls them eth1, eth2, ….
  cards = lib.imap1 (index: i: {
    was = "eth${toString index}";
    between = "card${toString index}";
    inherit (i) name;
  }) config.system.build.networkConfig.interfaces;
  misnamed = lib.filter (card: card.was != card.name) cards;
  # All get a name that no other has first.
  renaming = pkgs.writeText "interface-names" (
    lib.concatMapStrings (card: "link set ${card.was} name ${card.between}\n") misnamed
    + lib.concatMapStrings (card: "link set ${card.between} name ${card.name}\n") misnamed
  );
  # The second stage's modules load from memory with the first's: no further process, no further disk reads.
  # Options of modules are known to the second stage only.
  early = config.boot.extraModprobeConfig == "";
  machine = lib.mkIf (v.backend == "vm") {
    # QEMU's network for users leads ports of the host to this address. Without such ports nothing goes that
    # way, and machines boot quicker.
    networking.interfaces.eth0.ipv4.addresses = lib.mkIf (v.forwardPorts != [ ] || v.reachesHost) [
      {
        address = "10.0.2.15";
        prefixLength = 24;
      }
    ];
    # Without the default ones a root may be said here as well; where none is, all are the machine's own.
    fileSystems = lib.mkIf (v.useDefaultFilesystems || v.fileSystems ? "/") (lib.mkOverride 10 v.fileSystems);
    services.qemuGuest.enable = lib.mkIf v.qemu.guestAgent.enable (lib.mkDefault true);
    boot.initrd.systemd.tpm2.enable = lib.mkIf v.tpm.enable (lib.mkOverride 1400 true);
    # Waiting for someone at the menu is no use.
    boot.loader.timeout = lib.mkOverride 150 0;
    # Nobody looks at it, and fonts are large.
    boot.loader.grub.font = lib.mkOverride 1400 null;
    swapDevices = lib.mkOverride (if v.useDefaultFilesystems then 10 else 1500) [ ];
    boot.initrd.kernelModules = [
      "virtio_pci"
      "virtio_blk"
      "virtio_net"
      "virtio_console"
      "erofs"
      "overlay"
    ]
    ++ lib.optionals early config.boot.kernelModules;
    systemd.suppressedSystemUnits =
      lib.optional early "systemd-modules-load.service"
      # Nobody is kept out while the machine starts, so nobody has to be let in.
      ++ [ "systemd-user-sessions.service" ];
    environment.etc."tmpfiles.d/systemd-nologin.conf".source = "/dev/null";
    boot.initrd.availableKernelModules = [ "virtio_rng" "ext4" ];
    # Verifying a signature takes an emulated processor 10 ms.
    boot.initrd.unsignedModules = v.directBoot.enable;
    # QEMU's network for users answers, and tests of initial file systems look for what it says.
    boot.initrd.network.udhcpc.enable = lib.mkOverride 1400 true;
    boot.kernelParams = lib.mkMerge [
      [
        "panic=1"
        "boot.panic_on_fail"
        # As in NixOS; Debian's kernel would set up AppArmor and TOMOYO as well.
        "lsm=landlock,yama,bpf"
        # The kernel tries out its timer and panics when no tick comes in time, which happens on busy hosts.
        "no_timer_check"
      ]
      (lib.mkIf v.useBootLoader (map (name: "console=${name}") v.qemu.consoles ++ quickParameters))
      # One serial line, the console; three that nothing is behind would be probed and announced.
      (lib.mkIf (v.qemu.options == [ ]) [ "8250.nr_uarts=1" ])
      # Every byte on an emulated serial line is costly. What the kernel says of its start is in the journal;
      # from sysctl on, the console shows what `boot.consoleLogLevel` says.
      # Where a boot loader starts it, its own name is shown, which tests wait for.
      (lib.mkAfter [ (if v.useBootLoader then "loglevel=6" else "loglevel=4") ])
    ];
    system.extraDependencies = v.additionalPaths;
    systemd.services.interface-names = lib.mkIf (misnamed != [ ]) {
      description = "Names of interfaces";
      wantedBy = [ "sysinit.target" ];
      before = [ "network-pre.target" "systemd-networkd.service" ]
        ++ map (card: "network-addresses-${card.name}.service") misnamed;
      wants = [ "network-pre.target" ];
      unitConfig.DefaultDependencies = false;
      enableDefaultPath = false;
      serviceConfig = {
        Type = "oneshot";
        RemainAfterExit = true;
        ExecStart = "${pkgs.iproute2}/bin/ip -batch ${renaming}";
      };
    };
    # Scripts log in at the first terminal.
    systemd.targets.getty.wants = [ "getty@tty1.service" ];
    # Debugging at the console is the driver's work.
    systemd.services."serial-getty@ttyS0".enable = false;
    systemd.services."serial-getty@hvc0".enable = false;
  };
in
{
  # Nothing starts by GRUB, whatever the configuration says.
  config.boot.loader.grub.enable = lib.mkIf (!v.useBootLoader) (lib.mkOverride 10 false);
  # The small kernel has no driver of screens that X can use, and none of folders that QEMU shares itself.
  config.boot.kernelPackages = lib.mkOverride 1400 (
    if config.services.xserver.enable || v.mountHostNixStore then pkgs.linuxPackages else pkgs.linuxPackages_cloud or pkgs.linuxPackages
  );
  # There is no graphics processor, and one that is emulated by an emulated processor is slow.
  config.services.xserver.deviceSection = ''
    Option "AccelMethod" "none"
  '';
  imports = [ { config = machine; } ./boot-image.nix ];
}
