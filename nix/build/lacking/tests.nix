# What stands for packages that `base` lacks. `nix-instantiate --eval --strict` gives the failed tests: none.
{
  lib ? import ../../lib,
}:
let
  lacking = import ./. {
    inherit lib;
    system = "x86_64-linux";
    linuxPackages = {
      kernel.version = "6";
      perf = "of the kernel that there is";
    };
  };
  inherit (lacking) packages;
  changed = (packages.nushell.override { withX = true; }).overrideAttrs (old: {
    pname = old.pname + "-x";
  });
  built = packages.buildGoModule {
    pname = "of-mine";
    version = "1";
  };
  fixed = packages.rustPlatform.buildRustPackage (final: {
    name = "of-mine-too";
    src = final.name;
  });
in
lib.runTests {
  testIsAPackage = {
    expr = lib.types.package.check packages.nushell && !lib.isFunction packages.nushell;
    expected = true;
  };
  testIsNotAvailable = {
    expr = lib.filter (package: package.meta.available) [
      packages.nushell
      packages.tmuxPlugins.sensible
    ];
    expected = [ ];
  };
  testStaysWhatItIs = {
    expr = lib.getName changed;
    expected = "nushell";
  };
  testOutputs = {
    expr = map lib.getName [
      (lib.getDev packages.nushell)
      (lib.getLib packages.nushell)
      (lib.getBin packages.nushell)
    ];
    expected = [
      "nushell"
      "nushell"
      "nushell"
    ];
  };
  testKernels = {
    expr = with packages.linuxPackages_zen; [
      kernel.pname
      kernel.version
      perf
    ];
    expected = [
      "linux_zen"
      "6"
      "of the kernel that there is"
    ];
  };
  testBuilders = {
    expr = lib.isFunction packages.buildGoModule;
    expected = true;
  };
  testBuilt = {
    expr = map lib.getName [
      built
      fixed
    ];
    expected = [
      "of-mine"
      "of-mine-too"
    ];
  };
}
