# Platforms one often compiles for, as `crossSystem` takes them (`lib.systems.examples`).
{ lib }:
let
  inherit (builtins) mapAttrs;
  inherit (lib.systems) platforms;

  named = mapAttrs (_: config: { inherit config; });
  newlib = mapAttrs (_: config: { inherit config; libc = "newlib"; });
  llvm = mapAttrs (_: config: { inherit config; useLLVM = true; });
  on = platform: config: platform // { inherit config; };
  rustTarget = target: { rust.rustcTarget = target; };

  android = {
    androidSdkVersion = "35";
    androidNdkVersion = "27";
  };
  uefi = config: {
    inherit config;
    libc = null;
    linker = "lld";
    useLLVM = true;
  };
  mingw = libc: cpu: {
    config = "${cpu}-w64-mingw32";
    inherit libc;
  };
  apple = config: {
    inherit config;
    xcodePlatform = "MacOSX";
    platform = { };
  };
  iphone = {
    darwinSdkVersion = "14.3";
    xcodeVer = "12.3";
    useiOSPrebuilt = true;
  };
  ucrtArm = mingw "ucrt" "aarch64" // rustTarget "aarch64-pc-windows-gnullvm" // { useLLVM = true; };
  inherit (platforms.loongarch64-multiplatform) gcc;
in
named {
  aarch64-multiplatform = "aarch64-unknown-linux-gnu";
  aarch64-multiplatform-musl = "aarch64-unknown-linux-musl";
  arc = "arc-unknown-linux-gnu";
  avr = "avr";
  ghcjs = "javascript-unknown-ghcjs";
  gnu32 = "i686-unknown-linux-gnu";
  gnu64 = "x86_64-unknown-linux-gnu";
  m68k = "m68k-unknown-linux-gnu";
  musl-power = "powerpc64le-unknown-linux-musl";
  musl32 = "i686-unknown-linux-musl";
  musl64 = "x86_64-unknown-linux-musl";
  powernv = "powerpc64le-unknown-linux-gnu";
  ppc64 = "powerpc64-unknown-linux-gnuabielfv2";
  ppc64-elfv1 = "powerpc64-unknown-linux-gnuabielfv1";
  ppc64-elfv2 = "powerpc64-unknown-linux-gnuabielfv2";
  riscv32 = "riscv32-unknown-linux-gnu";
  riscv64 = "riscv64-unknown-linux-gnu";
  riscv64-musl = "riscv64-unknown-linux-musl";
  s390 = "s390-unknown-linux-gnu";
  s390x = "s390x-unknown-linux-gnu";
  sh4 = "sh4-unknown-linux-gnu";
  x86_64-cygwin = "x86_64-pc-cygwin";
  x86_64-netbsd = "x86_64-unknown-netbsd";
  armv5tel-multiplatform = "armv5tel-unknown-linux-gnueabi";
  armv7l-hf-multiplatform = "armv7l-unknown-linux-gnueabihf";
}
// newlib {
  aarch64be-embedded = "aarch64_be-none-elf";
  arm-embedded = "arm-none-eabi";
  i686-embedded = "i686-elf";
  microblaze-embedded = "microblazeel-none-elf";
  mips-embedded = "mips-none-elf";
  mips64-embedded = "mips64-none-elf";
  mmix = "mmix-unknown-mmixware";
  msp430 = "msp430-elf";
  or1k = "or1k-elf";
  ppc-embedded = "powerpc-none-eabi";
  ppcle-embedded = "powerpcle-none-eabi";
  riscv32-embedded = "riscv32-none-elf";
  riscv64-embedded = "riscv64-none-elf";
  rx-embedded = "rx-none-elf";
  vc4 = "vc4-elf";
  x86_64-embedded = "x86_64-elf";
}
// llvm {
  aarch64-freebsd = "aarch64-unknown-freebsd";
  aarch64-windows = "aarch64-pc-windows-msvc";
  wasi32 = "wasm32-unknown-wasi";
  x86_64-freebsd = "x86_64-unknown-freebsd";
  x86_64-netbsd-llvm = "x86_64-unknown-netbsd";
  x86_64-openbsd = "x86_64-unknown-openbsd";
  x86_64-windows = "x86_64-pc-windows-msvc";
}
// {
  raspberryPi = on platforms.raspberrypi "armv6l-unknown-linux-gnueabihf";
  muslpi = on platforms.raspberrypi "armv6l-unknown-linux-musleabihf";
  remarkable1 = on platforms.zero-gravitas "armv7l-unknown-linux-gnueabihf";
  remarkable2 = on platforms.zero-sugar "armv7l-unknown-linux-gnueabihf";
  bluefield2 = on platforms.bluefield2 "aarch64-unknown-linux-gnu";
  ben-nanonote = on platforms.ben_nanonote "mipsel-unknown-linux-uclibc";
  fuloongminipc = on platforms.fuloong2f_n32 "mipsel-unknown-linux-gnu";
  mips-linux-gnu = on platforms.gcc_mips32r2_o32 "mips-unknown-linux-gnu";
  mipsel-linux-gnu = on platforms.gcc_mips32r2_o32 "mipsel-unknown-linux-gnu";
  mips64-linux-gnuabin32 = on platforms.gcc_mips64r2_n32 "mips64-unknown-linux-gnuabin32";
  mips64-linux-gnuabi64 = on platforms.gcc_mips64r2_64 "mips64-unknown-linux-gnuabi64";
  mips64el-linux-gnuabin32 = on platforms.gcc_mips64r2_n32 "mips64el-unknown-linux-gnuabin32";
  mips64el-linux-gnuabi64 = on platforms.gcc_mips64r2_64 "mips64el-unknown-linux-gnuabi64";
  loongarch64-linux = on platforms.loongarch64-multiplatform "loongarch64-unknown-linux-gnu";
  loongarch64-linux-embedded = {
    config = "loongarch64-unknown-linux-gnu";
    gcc = gcc // {
      arch = "loongarch64";
      strict-align = true;
    };
  };

  ppc32 = {
    config = "powerpc-unknown-linux-gnu";
  }
  // rustTarget "powerpc-unknown-linux-gnu";
  ppc64-musl = {
    config = "powerpc64-unknown-linux-musl";
    gcc.abi = "elfv2";
  };

  aarch64-android-prebuilt = android // rustTarget "aarch64-linux-android" // {
    config = "aarch64-unknown-linux-android";
    useAndroidPrebuilt = true;
  };
  armv7a-android-prebuilt =
    platforms.armv7a-android
    // android
    // rustTarget "armv7-linux-androideabi"
    // {
      config = "armv7a-unknown-linux-androideabi";
      useAndroidPrebuilt = true;
    };
  aarch64-android = android // {
    config = "aarch64-unknown-linux-android";
    libc = "bionic";
    useAndroidPrebuilt = false;
    useLLVM = true;
  };

  aarch64-embedded = rustTarget "aarch64-unknown-none" // {
    config = "aarch64-none-elf";
    libc = "newlib";
  };
  arm-embedded-nano = {
    config = "arm-none-eabi";
    libc = "newlib-nano";
  };
  armhf-embedded = {
    config = "arm-none-eabihf";
    libc = "newlib";
    # gcc wants both to link against hard-float libraries.
    gcc = {
      arch = "armv5t";
      fpu = "vfp";
    };
  };
  wasm32-unknown-none = rustTarget "wasm32-unknown-unknown" // {
    config = "wasm32-unknown-none";
    useLLVM = true;
  };

  aarch64-unknown-uefi = uefi "aarch64-unknown-uefi";
  x86_64-unknown-uefi = uefi "x86_64-unknown-uefi";

  iphone64 = iphone // {
    config = "arm64-apple-ios";
    xcodePlatform = "iPhoneOS";
  };
  iphone64-simulator = iphone // {
    config = "x86_64-apple-ios";
    xcodePlatform = "iPhoneSimulator";
    darwinPlatform = "ios-simulator";
  };
  aarch64-darwin = apple "arm64-apple-darwin";
  x86_64-darwin = apple "x86_64-apple-darwin";

  mingw-msvcrt-i686 = mingw "msvcrt" "i686";
  mingw-msvcrt-x86_64 = mingw "msvcrt" "x86_64";
  mingw-ucrt-x86_64 = mingw "ucrt" "x86_64";
  mingw-ucrt-x86_64-llvm = mingw "ucrt" "x86_64" // rustTarget "x86_64-pc-windows-gnullvm" // {
    useLLVM = true;
  };
  mingw-ucrt-aarch64 = ucrtArm;
  # Old names.
  mingw32 = mingw "msvcrt" "i686";
  mingwW64 = mingw "msvcrt" "x86_64";
  ucrt64 = mingw "ucrt" "x86_64";
  ucrtAarch64 = ucrtArm;
}
