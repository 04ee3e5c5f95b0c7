# A machine with a script that starts it in QEMU: `system.build.vm`, as NixOS' `virtualisation/qemu-vm.nix` makes it.
# The options are those of machines in tests; file systems and hardware are QEMU's, whatever the machine's own are.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkIf mkOverride;
  v = config.virtualisation;
  hostPkgs = v.host.pkgs;
  # As strong as NixOS has it: only `mkForce` says something else.
  forVm = mkOverride 10;
  unlessSaid = mkOverride 1400;
  inherit (config.system) name;
  script = import ./script.nix { inherit config lib; };
in
{
  imports = [
    ../node/boot-image.nix
    ../node/file-systems.nix
    ../node/hardware.nix
    ../node/options.nix
    ../../modules/profiles/qemu-guest.nix
  ];
  config = {
    virtualisation = {
      sharesBy = "9p";
      useNixStoreImage = unlessSaid v.useBootLoader;
      mountHostNixStore = unlessSaid (!v.useNixStoreImage);
      qemu.package = unlessSaid hostPkgs.qemu;
      # The last one is where the system itself writes.
      qemu.consoles = unlessSaid (
        if v.graphics then [ "ttyS0,115200n8" "tty0" ] else [ "tty0" "ttyS0,115200n8" ]
      );
      sharedDirectories = {
        xchg = {
          source = ''"$TMPDIR"/xchg'';
          target = "/tmp/xchg";
          securityModel = "none";
        };
        shared = {
          source = ''"''${SHARED_DIR:-$TMPDIR/xchg}"'';
          target = "/tmp/shared";
          securityModel = "none";
        };
        certs = mkIf v.useHostCerts {
          source = ''"$TMPDIR"/certs'';
          target = "/etc/ssl/certs";
          securityModel = "none";
        };
      };
      test.nodeName = lib.mkDefault name;
      test.nodeNumber = lib.mkDefault 1;
    };
    system.build.vm =
      hostPkgs.runCommand "nixos-vm"
        {
          preferLocalBuild = true;
          meta.mainProgram = "run-${name}-vm";
        }
        ''
          mkdir -p $out/bin
          ln -s ${config.system.build.toplevel} $out/system
          ln -s ${hostPkgs.writeScript "run-nixos-vm" script} $out/bin/run-${name}-vm
        '';
    system.extraDependencies = v.additionalPaths;

    fileSystems = mkIf (v.fileSystems != { }) (forVm v.fileSystems);
    swapDevices = (if v.useDefaultFilesystems then forVm else unlessSaid) [ ];
    boot.initrd.luks.devices = (if v.useDefaultFilesystems then forVm else unlessSaid) { };
    boot.initrd.availableKernelModules =
      lib.optional (v.qemu.diskInterface == "scsi") "sym53c8xx" ++ lib.optional v.tpm.enable "tpm_tis";
    boot.loader.grub.enable = mkIf (!v.useBootLoader) (forVm false);
    boot.loader.supportsInitrdSecrets = mkIf (!v.useBootLoader) (forVm false);
    # Prompts for logins are where the system's own parameters have a console.
    boot.kernelParams = map (console: "console=${console}") v.qemu.consoles;

    networking.usePredictableInterfaceNames = false;
    networking.wireless.enable = forVm false;
    services.connman.enable = forVm false;
    # The clock is the host's.
    services.timesyncd.enable = lib.mkDefault false;
    services.qemuGuest.enable = mkIf v.qemu.guestAgent.enable (lib.mkDefault true);
    services.xserver.videoDrivers = forVm [ "modesetting" ];
    security.pki.installCACerts = mkIf v.useHostCerts false;
  };
}
