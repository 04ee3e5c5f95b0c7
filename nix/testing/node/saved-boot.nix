# Whether a virtual machine goes on from a saved boot, and what keeps it from that.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  v = config.virtualisation;
  words = v.qemu.options ++ v.qemu.networkingOptions;
  # Files and folders that QEMU uses beside the machine's own disks would not be saved with it.
  usesFiles = word: lib.any (part: lib.hasInfix part word) [
    "-drive"
    "-blockdev"
    "-fsdev"
    "-virtfs"
    "-hd"
    "$SHARED_DIR"
    "$TMPDIR"
    "\${SHARED_DIR"
    "\${TMPDIR"
  ];
  asks = device: device.keyFile or null == null;
  reasons = [
    [ (!config.testing.backdoor) "the driver's agent does not run in it (testing.backdoor)" ]
    [ config.testing.initrdBackdoor "its initrd stands still for the test (testing.initrdBackdoor)" ]
    [ (v.sharedDirectories != { }) "it mounts shared folders as it boots (virtualisation.sharedDirectories)" ]
    [ (v.qemu.drives != [ ] || lib.any usesFiles words) "it has drives of its own (virtualisation.qemu)" ]
    [ (lib.any asks (lib.attrValues (config.boot.initrd.luks.devices or { }))) "its initrd may ask for a passphrase (boot.initrd.luks.devices)" ]
    [ v.tpm.enable "it has a TPM (virtualisation.tpm)" ]
  ];
in
{
  options = {
    testing.savedBoot = mkOption {
      type = types.bool;
      default = false;
      defaultText = lib.literalExpression "the test's `testing.savedBoot`";
      description = ''
        Whether the node, where it is a virtual machine, goes on from a saved boot instead of booting. See the
        test's option of the same name.
      '';
    };
    virtualisation.notSaved = mkOption {
      type = types.listOf types.str;
      internal = true;
      readOnly = true;
      description = "Why no boot of the machine can be saved, in words.";
    };
  };
  config.virtualisation.notSaved = lib.concatMap (
    entry: lib.optional (lib.elemAt entry 0) (lib.elemAt entry 1)
  ) reasons;
}
