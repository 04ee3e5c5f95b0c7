# What other projects call processors and kernels (part of `lib.systems`). `p` is an elaborated
# platform.
{ lib }:
let
  inherit (lib.strings) optionalString;

  # The first value of a list of `[ condition value ]` whose condition holds, else the default.
  choose =
    default: cases:
    let
      held = lib.lists.findFirst (entry: builtins.head entry) null cases;
    in
    if held == null then default else builtins.elemAt held 1;
in
{
  # `uname -s`
  unameSystem = {
    cygwin = "CYGWIN_NT";
    darwin = "Darwin";
    freebsd = "FreeBSD";
    genode = "Genode";
    linux = "Linux";
    netbsd = "NetBSD";
    openbsd = "OpenBSD";
    redox = "Redox";
    wasi = "Wasi";
    windows = "Windows";
  };

  # The folder in the kernel's `arch/`.
  linuxArch =
    p:
    choose p.parsed.cpu.name [
      [ p.isAarch32 "arm" ]
      [ p.isAarch64 "arm64" ]
      [ p.isx86_32 "i386" ]
      [ p.isx86_64 "x86_64" ]
      [ p.isMicroBlaze "microblaze" ]
      [ p.isMips "mips" ]
      [ p.isPower "powerpc" ]
      [ p.isRiscV "riscv" ]
      [ p.isSh4 "sh" ]
      [ p.isS390 "s390" ]
      [ p.isLoongArch64 "loongarch" ]
    ];

  # https://pkg.go.dev/internal/platform
  go = p: {
    GOARCH =
      {
        aarch64 = "arm64";
        arm = "arm";
        armv5tel = "arm";
        armv6l = "arm";
        armv7l = "arm";
        i686 = "386";
        loongarch64 = "loong64";
        mips = "mips";
        mips64el = "mips64le";
        mipsel = "mipsle";
        powerpc64 = "ppc64";
        powerpc64le = "ppc64le";
        riscv64 = "riscv64";
        s390x = "s390x";
        wasm32 = "wasm";
        x86_64 = "amd64";
      }
      .${p.parsed.cpu.name} or null;
    GOOS = if p.isWasi then "wasip1" else p.parsed.kernel.name;
    GOARM =
      let
        version = p.parsed.cpu.version or "";
      in
      optionalString (builtins.elem version [ "5" "6" "7" ]) version;
  };

  # `process.arch` and `process.platform`
  node = p: {
    arch = choose null [
      [ p.isAarch "arm${optionalString p.is64bit "64"}" ]
      [ p.isMips32 "mips${optionalString p.isLittleEndian "el"}" ]
      [ (p.isMips64 && p.isLittleEndian) "mips64el" ]
      [ p.isPower "ppc${optionalString p.is64bit "64"}" ]
      [ p.isx86_64 "x64" ]
      [ p.isx86_32 "ia32" ]
      [ p.isS390x "s390x" ]
      [ p.isRiscV64 "riscv64" ]
      [ p.isLoongArch64 "loong64" ]
    ];
    platform = choose null [
      [ p.isAndroid "android" ]
      [ p.isDarwin "darwin" ]
      [ p.isFreeBSD "freebsd" ]
      [ p.isLinux "linux" ]
      [ p.isOpenBSD "openbsd" ]
      [ p.isSunOS "sunos" ]
      [ (p.isWindows || p.isCygwin) "win32" ]
    ];
  };

  # `hostCPU` and `hostOS`
  nim = p: {
    cpu = choose null [
      [ p.isAarch32 "arm" ]
      [ p.isAarch64 "arm64" ]
      [ p.isAlpha "alpha" ]
      [ p.isAvr "avr" ]
      [ (p.isMips && p.is32bit) "mips" ]
      [ (p.isMips && p.is64bit) "mips64" ]
      [ p.isMsp430 "msp430" ]
      [ (p.isPower && p.is32bit) "powerpc" ]
      [ (p.isPower && p.is64bit) "powerpc64" ]
      [ (p.isRiscV && p.is64bit) "riscv64" ]
      [ p.isSparc "sparc" ]
      [ p.isx86_32 "i386" ]
      [ p.isx86_64 "amd64" ]
    ];
    os = choose null [
      [ p.isAndroid "Android" ]
      [ p.isDarwin "MacOSX" ]
      [ p.isFreeBSD "FreeBSD" ]
      [ p.isGenode "Genode" ]
      [ p.isLinux "Linux" ]
      [ p.isNetBSD "NetBSD" ]
      [ p.isNone "Standalone" ]
      [ p.isOpenBSD "OpenBSD" ]
      [ p.isWindows "Windows" ]
      [ p.isiOS "iOS" ]
    ];
  };
}
