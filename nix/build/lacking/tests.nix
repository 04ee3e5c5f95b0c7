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
  versioned = packages.buildGoModule (final: {
    pname = "versioned";
    version = "2";
    src = "${final.pname}.tar";
  });
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
  testVersions = {
    expr = map lib.getVersion [
      packages.libdisplay-info_0_2
      packages.tmuxPlugins.sensible
      built
      versioned
    ];
    expected = [ "0.2.0" "0" "1" "2" ];
  };
  testFilesOfNixpkgs = {
    expr = map (path: lib.getName (lacking.file path)) [
      "/source/pkgs/development/tools/continuous-integration/buildbot/master.nix"
      "/source/pkgs/development/tools/continuous-integration/buildbot/worker.nix"
      "/source/pkgs/by-name/nu/nushell/package.nix"
      "/source/pkgs/shells/nushell"
      "/source/pkgs/tools/of-nobody/default.nix"
    ];
    expected = [ "buildbot" "buildbot-worker" "nushell" "nushell" "of-nobody" ];
  };
  testWhatFilesAreMeant = {
    expr = map lacking.isFile [
      "/source/pkgs/by-name/nu/nushell/package.nix"
      "/source/nu/package.nix"
      ./default.nix
      (_: null)
    ];
    expected = [ true false false false ];
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
