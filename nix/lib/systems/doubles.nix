# Lists of platforms by their names of processor and kernel (`lib.systems.doubles`, also
# `lib.platforms`).
{ lib }:
let
  inherit (builtins) concatMap filter;
  inherit (lib.systems) parse;
  inherit (lib.systems.inspect) predicates;

  # Which processors there are for a kernel.
  supported = [
    { kernel = "cygwin"; cpus = "i686 x86_64"; }
    { kernel = "darwin"; cpus = "x86_64 aarch64"; }
    { kernel = "freebsd"; cpus = "i686 x86_64 aarch64"; }
    { kernel = "genode"; cpus = "aarch64 i686 x86_64"; }
    { kernel = "solaris"; cpus = "x86_64"; }
    { kernel = "ghcjs"; cpus = "javascript"; }
    {
      kernel = "linux";
      cpus = "aarch64 arc armv5tel armv6l armv7a armv7l i686 loongarch64 m68k sh4 microblaze "
        + "microblazeel mips mips64 mips64el mipsel powerpc powerpc64 powerpc64le riscv32 riscv64 "
        + "s390 s390x x86_64";
    }
    { kernel = "mmixware"; cpus = "mmix"; }
    { kernel = "netbsd"; cpus = "aarch64 armv6l armv7a armv7l i686 m68k mipsel powerpc riscv32 riscv64 x86_64"; }
    {
      kernel = "none";
      cpus = "aarch64_be aarch64 arm armv6l avr i686 microblaze microblazeel mips mips64 msp430 or1k "
        + "m68k powerpc powerpcle riscv32 riscv64 rx s390 s390x vc4 x86_64";
    }
    { kernel = "openbsd"; cpus = "i686 x86_64"; }
    { kernel = "redox"; cpus = "x86_64"; }
    { kernel = "wasi"; cpus = "wasm64 wasm32"; }
    { kernel = "windows"; cpus = "aarch64 x86_64 i686"; }
    { kernel = "uefi"; cpus = "aarch64 x86_64"; }
  ];

  all = concatMap (
    entry: map (cpu: "${cpu}-${entry.kernel}") (lib.strings.splitString " " entry.cpus)
  ) supported;

  parsed = map parse.mkSystemFromString all;
  matching = predicate: map parse.doubleFromSystem (filter predicate parsed);

  # With the C library of GNU, one ABI after the other.
  gnuAbis = [
    "gnu"
    "gnueabi"
    "gnueabihf"
    "gnuabin32"
    "gnuabi64"
    "gnuabielfv1"
    "gnuabielfv2"
  ];
in
builtins.mapAttrs (_: matching) {
  aarch = predicates.isAarch;
  aarch64 = predicates.isAarch64;
  arc = predicates.isArc;
  arm = predicates.isAarch32;
  armv7 = predicates.isArmv7;
  bigEndian = predicates.isBigEndian;
  cygwin = predicates.isCygwin;
  darwin = predicates.isDarwin;
  embedded = predicates.isNone;
  freebsd = predicates.isFreeBSD;
  genode = predicates.isGenode;
  i686 = predicates.isi686;
  illumos = predicates.isSunOS;
  js = predicates.isJavaScript;
  linux = predicates.isLinux;
  littleEndian = predicates.isLittleEndian;
  loongarch64 = predicates.isLoongArch64;
  m68k = predicates.isM68k;
  microblaze = predicates.isMicroBlaze;
  mips = predicates.isMips;
  mmix = predicates.isMmix;
  netbsd = predicates.isNetBSD;
  openbsd = predicates.isOpenBSD;
  or1k = predicates.isOr1k;
  power = predicates.isPower;
  redox = predicates.isRedox;
  riscv = predicates.isRiscV;
  riscv32 = predicates.isRiscV32;
  riscv64 = predicates.isRiscV64;
  rx = predicates.isRx;
  s390 = predicates.isS390;
  s390x = predicates.isS390x;
  sh4 = predicates.isSh4;
  uefi = predicates.isUefi;
  unix = predicates.isUnix;
  vc4 = predicates.isVc4;
  wasi = predicates.isWasi;
  windows = predicates.isWindows;
  x86 = predicates.isx86;
  x86_64 = predicates.isx86_64;
}
// {
  inherit all;
  none = [ ];
  gnu = concatMap (
    abi: matching (system: predicates.isLinux system && system.abi == parse.abis.${abi})
  ) gnuAbis;
}
