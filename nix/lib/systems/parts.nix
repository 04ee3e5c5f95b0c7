# The parts platforms are made of. An entry is called as it is in the table, unless it has a `name`.
{ lib }:
let
  inherit (builtins) mapAttrs;

  named = mapAttrs (name: entry: { inherit name; } // entry);

  little = significantBytes.littleEndian;
  big = significantBytes.bigEndian;

  cpu = significantByte: family: bits: { inherit bits family significantByte; };
  arm = version: arch: cpu little "arm" 32 // { inherit arch version; };
  arm64 = significantByte: cpu significantByte "arm" 64 // { version = "8"; arch = "armv8-a"; };
  x86 = arch: cpu little "x86" 32 // { inherit arch; };

  # ARM chips can be little- or big-endian; these names mean the former.
  cpuTable = {
    arm = cpu little "arm" 32;
    armv5tel = arm "5" "armv5t";
    armv6m = arm "6" "armv6-m";
    armv6l = arm "6" "armv6";
    armv7a = arm "7" "armv7-a";
    armv7r = arm "7" "armv7-r";
    armv7m = arm "7" "armv7-m";
    armv7l = arm "7" "armv7";
    armv8a = arm "8" "armv8-a";
    armv8r = arm "8" "armv8-a";
    armv8m = arm "8" "armv8-m";
    aarch64 = arm64 little;
    aarch64_be = arm64 big;

    i386 = x86 "i386";
    i486 = x86 "i486";
    i586 = x86 "i586";
    i686 = x86 "i686";
    x86_64 = cpu little "x86" 64 // { arch = "x86-64"; };

    microblaze = cpu big "microblaze" 32;
    microblazeel = cpu little "microblaze" 32;
    mips = cpu big "mips" 32;
    mipsel = cpu little "mips" 32;
    mips64 = cpu big "mips" 64;
    mips64el = cpu little "mips" 64;
    powerpc = cpu big "power" 32;
    powerpcle = cpu little "power" 32;
    powerpc64 = cpu big "power" 64;
    powerpc64le = cpu little "power" 64;
    riscv32 = cpu little "riscv" 32;
    riscv64 = cpu little "riscv" 64;
    s390 = cpu big "s390" 32;
    s390x = cpu big "s390" 64;
    sparc = cpu big "sparc" 32;
    sparc64 = cpu big "sparc" 64;
    wasm32 = cpu little "wasm" 32;
    wasm64 = cpu little "wasm" 64;

    alpha = cpu little "alpha" 64;
    arc = cpu little "arc" 32;
    javascript = cpu little "javascript" 32;
    loongarch64 = cpu little "loongarch" 64;
    m68k = cpu big "m68k" 32;
    mmix = cpu big "mmix" 64;
    msp430 = cpu little "msp430" 16;
    or1k = cpu big "or1k" 32;
    rx = cpu little "rx" 32;
    sh4 = cpu little "sh" 32;
    vc4 = cpu little "vc4" 32;

    # Bytes have no order in a processor of eight bits.
    avr = {
      bits = 8;
      family = "avr";
    };
  };

  kernel = execFormat: families: { inherit execFormat families; };
  apple = kernel execFormats.macho { inherit (kernelFamilies) darwin; };
  bsd = kernel execFormats.elf { inherit (kernelFamilies) bsd; };
  other = execFormat: kernel execFormat { };

  # An ABI that some platforms cannot have.
  unless = condition: message: {
    assertion = platform: !(condition platform);
    inherit message;
  };

  soft = {
    float = "soft";
    eabi = true;
  };
  hard = {
    float = "hard";
    eabi = true;
  };

  significantBytes = named {
    bigEndian = { };
    littleEndian = { };
  };

  execFormats = named {
    aout = { };
    elf = { };
    macho = { };
    pe = { };
    unknown = { };
    wasm = { };
  };

  kernelFamilies = named {
    bsd = { };
    darwin = { };
  };

  cpuTypes = named cpuTable // {
    # Apple's name.
    arm64 = cpuTypes.aarch64;
  };

  vendors = named {
    apple = { };
    knuth = { };
    none = { };
    pc = { };
    unknown = { };
    # Compilers of MinGW look for it.
    w64 = { };
  };

  kernels =
    named {
      # Named darwin, as it always was.
      macos = apple // { name = "darwin"; };
      ios = apple;
      freebsd = bsd // { name = "freebsd"; };
      netbsd = bsd;
      openbsd = bsd;
      genode = other execFormats.elf;
      linux = other execFormats.elf;
      redox = other execFormats.elf;
      solaris = other execFormats.elf;
      cygwin = other execFormats.pe;
      uefi = other execFormats.pe;
      windows = other execFormats.pe;
      wasi = other execFormats.wasm;
      ghcjs = other execFormats.unknown;
      mmixware = other execFormats.unknown;
      none = other execFormats.unknown;
    }
    // {
      darwin = kernels.macos;
      tvos = kernels.ios;
      watchos = kernels.ios;
      win32 = kernels.windows;
    };

  abis = named {
    msvc = { };
    # For ARM and PowerPC without an operating system; `elf` for the others.
    eabi = soft;
    eabihf = hard;
    elf = { };
    androideabi.eabi = true;
    android.assertions = [
      (unless (platform: platform.isAarch32) ''
        The "android" ABI is not for 32-bit ARM. Use "androideabi" instead.
      '')
    ];
    gnu.assertions = [
      (unless (platform: platform.isAarch32) ''
        The "gnu" ABI is ambiguous on 32-bit ARM. Use "gnueabi" or "gnueabihf" instead.
      '')
      (unless (platform: platform.isPower64 && platform.isBigEndian) ''
        The "gnu" ABI is ambiguous on big-endian 64-bit PowerPC. Use "gnuabielfv2" or "gnuabielfv1" instead.
      '')
    ];
    gnueabi = soft;
    gnueabihf = hard;
    gnuabi64.abi = "64";
    # 32-bit pointers on a 64-bit MIPS.
    gnuabin32.abi = "n32";
    gnuabielfv1.abi = "elfv1";
    gnuabielfv2.abi = "elfv2";
    musl = { };
    musleabi = soft;
    musleabihf = hard;
    muslabi64.abi = "64";
    muslabin32.abi = "n32";
    uclibc = { };
    uclibceabi = soft;
    uclibceabihf = hard;
    unknown = { };
  };
in
{
  inherit
    abis
    cpuTypes
    execFormats
    kernelFamilies
    kernels
    significantBytes
    vendors
    ;
}
