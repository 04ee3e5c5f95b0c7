# A kernel of Debian in the shape that systems expect: `kernel`, its modules, its versions.
{
  fromDebian,
  debianGroups,
  lib,
  pkgs,
  group,
}:
let
  deb = builtins.head debianGroups.${group}.debNames;
  kernel = fromDebian group {
    pname = "linux";
    meta = {
      description = "The Linux kernel, as Debian configures it";
      homepage = "https://www.kernel.org/";
      license = lib.licenses.gpl2Only;
    };
    passthru = {
      # Version of the modules, as `uname -r` prints it.
      modDirVersion = lib.removePrefix "linux-image-" deb;
      kernelOlder = lib.versionOlder debianGroups.${group}.version;
      kernelAtLeast = lib.versionAtLeast debianGroups.${group}.version;
      isHardened = false;
      isLTS = true;
      isXen = false;
      isZen = false;
      isLibre = false;
      # The uncompressed image, which emulators start directly.
      vmlinux = "${kernel}/vmlinux";
      target = "bzImage";
      features = {
        ia32Emulation = group == "linux";
        efiBootStub = true;
        needsCifsUtils = true;
        netfilterRPFilter = true;
      };
      config = {
        isSet = _: true;
        isYes = _: true;
        isNo = _: false;
        isModule = _: true;
        isEnabled = _: true;
        isDisabled = _: false;
        isOlder = _: false;
      };
      commonStructuredConfig = { };
    };
  };
  self = (pkgs.__lacking.linuxPackages or { }) // {
    inherit kernel;
    recurseForDerivations = true;
    kernelOlder = kernel.kernelOlder;
    kernelAtLeast = kernel.kernelAtLeast;
    extend = f: self // f self self;
  };
in
self
