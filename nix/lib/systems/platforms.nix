# What is told to compilers about some boards, and which of it is told about a platform known by name
# only (`lib.systems.platforms`).
{ lib }:
let
  inherit (lib.strings) versionOlder;

  mips = arch: abi: { gcc = { inherit abi arch; }; };

  platforms = {
    armv5tel-multiplatform.gcc.arch = "armv5te";
    raspberrypi.gcc = {
      arch = "armv6kz";
      fpu = "vfpv2";
    };
    armv7l-hf-multiplatform.gcc = {
      arch = "armv7-a";
      # What Debian chose too: there are boards without NEON.
      fpu = "vfpv3-d16";
    };
    # Old name.
    raspberrypi2 = platforms.armv7l-hf-multiplatform;
    armv7a-android.gcc = {
      arch = "armv7-a";
      float-abi = "softfp";
      fpu = "vfpv3-d16";
    };
    zero-gravitas.gcc = {
      cpu = "cortex-a9";
      fpu = "neon";
    };
    zero-sugar.gcc = {
      cpu = "cortex-a7";
      fpu = "neon-vfpv4";
      float-abi = "hard";
    };
    aarch64-multiplatform.gcc.arch = "armv8-a";
    bluefield2.gcc.arch = "armv8-a+fp+simd+crc+crypto";
    apple-m1.gcc = {
      arch = "armv8.3-a+crypto+sha2+aes+crc+fp16+lse+simd+ras+rdm+rcpc";
      cpu = "apple-a13";
    };

    ben_nanonote.gcc = {
      arch = "mips32";
      float = "soft";
    };
    fuloong2f_n32.gcc = {
      arch = "loongson2f";
      float = "hard";
      abi = "n32";
    };
    gcc_mips32r2_o32 = mips "mips32r2" "32";
    gcc_mips32r6_o32 = mips "mips32r6" "32";
    gcc_mips64r2_n32 = mips "mips64r2" "n32";
    gcc_mips64r6_n32 = mips "mips64r6" "n32";
    gcc_mips64r2_64 = mips "mips64r2" "64";
    gcc_mips64r6_64 = mips "mips64r6" "64";

    loongarch64-multiplatform.gcc = {
      arch = "la64v1.0";
      strict-align = false;
      # Large programs don't fit the usual code model.
      cmodel = "medium";
    };

    /**
      The settings for an elaborated platform; the empty set if there are none.

      # Type
      `select :: Platform -> AttrSet`

      # Example
      (lib.systems.platforms.select (lib.systems.elaborate "armv7l-linux")).gcc.fpu
      => "vfpv3-d16"
    */
    select =
      platform:
      let
        version = platform.parsed.cpu.version or null;
        arm32 =
          if version == null then
            { }
          else if versionOlder version "6" then
            platforms.armv5tel-multiplatform
          else if versionOlder version "7" then
            platforms.raspberrypi
          else
            platforms.armv7l-hf-multiplatform;
      in
      if platform.isAarch32 then
        arm32
      else if platform.isAarch64 then
        if platform.isDarwin then platforms.apple-m1 else platforms.aarch64-multiplatform
      else if platform.isLoongArch64 then
        platforms.loongarch64-multiplatform
      else if platform.parsed.cpu.name == "mipsel" then
        lib.systems.examples.mipsel-linux-gnu
      else
        { };
  };
in
platforms
