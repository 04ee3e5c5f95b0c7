# The standard environment: how packages are built from sources, with tools of Debian.
{
  pkgs,
  lib,
  system,
}:
let
  # Elaborated only when somebody asks for more than the name.
  platform = (if lib ? systems then lib.systems.elaborate { inherit system; } else known) // {
    inherit system;
  };
  known = {
    config = "x86_64-unknown-linux-gnu";
    isLinux = true;
    isDarwin = false;
    isx86_64 = true;
    isAarch64 = false;
    is64bit = true;
    is32bit = false;
    linuxArch = "x86_64";
    linux-kernel.target = "bzImage";
    canExecute = _: true;
    emulatorAvailable = _: true;
  };

  make =
    { cc, tools }:
    let
      stdenv = {
        type = "derivation";
        name = "stdenv-linux";
        # A folder with `setup`, which builders source.
        outPath = "${./setup}";
        inherit cc system;
        hasCC = cc != null;
        shell = "${pkgs.bash}/bin/bash";
        shellPackage = pkgs.bash;
        shellDryRun = "${pkgs.bash}/bin/bash -n -O extglob";
        initialPath = tools;
        allowedRequisites = null;
        buildPlatform = platform;
        hostPlatform = platform;
        targetPlatform = platform;
        inherit (platform)
          isLinux
          isDarwin
          isx86_64
          isAarch64
          is64bit
          is32bit
          ;
        extraNativeBuildInputs = [ ];
        extraBuildInputs = [ ];
        mkDerivation = import ./make-derivation.nix { inherit lib stdenv system; };
        override = _: stdenv;
        overrides = _: _: { };
        fetchurlBoot = pkgs.fetchurl;
        meta = {
          description = "Shell, tools and compiler with which packages are built";
          platforms = [ system ];
        };
      };
    in
    stdenv;

  tools = [
    pkgs.coreutils
    pkgs.findutils
    pkgs.diffutils
    pkgs.gnused
    pkgs.gnugrep
    pkgs.gawk
    pkgs.gnutar
    pkgs.gzip
    pkgs.bzip2
    pkgs.xz
    pkgs.bash
    pkgs.gnumake
    pkgs.patch
    pkgs.file
  ];
in
make {
  cc = pkgs.gcc;
  inherit tools;
}
// {
  # Without compiler, and with no more than a script needs: small things build sooner.
  noCC = make {
    cc = null;
    tools = [
      pkgs.coreutils
      pkgs.findutils
      pkgs.gnused
      pkgs.gnugrep
      pkgs.gawk
      pkgs.gnutar
      pkgs.gzip
      pkgs.bash
      pkgs.diffutils
      pkgs.xz
      pkgs.bzip2
      pkgs.patch
      pkgs.file
    ];
  };
}
