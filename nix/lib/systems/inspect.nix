# Patterns of platforms, and predicates made of them (`lib.systems.inspect`). A pattern is an
# attribute set that a parsed platform must contain, or a list of such, of which one is enough.
{ lib }:
let
  inherit (builtins)
    any
    attrValues
    concatMap
    filter
    intersectAttrs
    isList
    mapAttrs
    removeAttrs
    ;
  inherit (lib.attrsets) matchAttrs recursiveUpdateUntil;
  inherit (lib.lists) toList;
  inherit (lib.strings) hasPrefix;
  inherit (lib.systems.parse)
    cpuTypes
    execFormats
    kernelFamilies
    kernels
    significantBytes
    ;

  # Assertions are functions, which compare to nothing.
  abis = mapAttrs (_: abi: removeAttrs abi [ "assertions" ]) lib.systems.parse.abis;

  family = name: { cpu.family = name; };
  familyOfBits = name: bits: { cpu = { family = name; inherit bits; }; };
  kernel = name: { kernel = kernels.${name}; };
  abi = name: { abi = abis.${name}; };
  abiKind = kind: { abi.abi = kind; };
  format = name: { kernel.execFormat = execFormats.${name}; };
  armVersion = version: { cpu = { family = "arm"; inherit version; }; };

  patterns = {
    isi686.cpu = cpuTypes.i686;
    isx86 = family "x86";
    isx86_32 = familyOfBits "x86" 32;
    isx86_64 = familyOfBits "x86" 64;
    isAarch = family "arm";
    isAarch32 = familyOfBits "arm" 32;
    isAarch64 = familyOfBits "arm" 64;
    isArmv7 = map (cpu: { cpu = { inherit (cpu) arch; }; }) (
      filter (cpu: hasPrefix "armv7" (cpu.arch or "")) (attrValues cpuTypes)
    );
    isPower = family "power";
    isPower64 = familyOfBits "power" 64;
    isMips = family "mips";
    isMips32 = familyOfBits "mips" 32;
    isMips64 = familyOfBits "mips" 64;
    isMips64n32 = familyOfBits "mips" 64 // abiKind "n32";
    isMips64n64 = familyOfBits "mips" 64 // abiKind "64";
    isRiscV = family "riscv";
    isRiscV32 = familyOfBits "riscv" 32;
    isRiscV64 = familyOfBits "riscv" 64;
    isSparc = family "sparc";
    isSparc64 = familyOfBits "sparc" 64;
    isS390 = family "s390";
    isS390x = familyOfBits "s390" 64;
    isLoongArch64 = familyOfBits "loongarch" 64;
    isAlpha = family "alpha";
    isArc = family "arc";
    isAvr = family "avr";
    isM68k = family "m68k";
    isMicroBlaze = family "microblaze";
    isMmix = family "mmix";
    isMsp430 = family "msp430";
    isOr1k = family "or1k";
    isRx = family "rx";
    isSh4 = family "sh";
    isVc4 = family "vc4";
    isWasm = family "wasm";
    isJavaScript.cpu = cpuTypes.javascript;

    is32bit.cpu.bits = 32;
    is64bit.cpu.bits = 64;
    # Integers, longs and pointers of 32 bits, also on processors of 64.
    isILP32 = [ (familyOfBits "wasm" 32) ] ++ map abiKind [ "n32" "ilp32" "x32" ];
    isBigEndian.cpu.significantByte = significantBytes.bigEndian;
    isLittleEndian.cpu.significantByte = significantBytes.littleEndian;

    isBSD.kernel.families = { inherit (kernelFamilies) bsd; };
    isDarwin.kernel.families = { inherit (kernelFamilies) darwin; };
    isUnix = with patterns; [
      isBSD
      isDarwin
      isLinux
      isSunOS
      isCygwin
      isRedox
    ];
    isCygwin = kernel "cygwin";
    isFreeBSD.kernel.name = "freebsd";
    isGenode = kernel "genode";
    isGhcjs = kernel "ghcjs";
    isLinux = kernel "linux";
    isMacOS = kernel "macos";
    isNetBSD = kernel "netbsd";
    isNone = kernel "none";
    isOpenBSD = kernel "openbsd";
    isRedox = kernel "redox";
    isSunOS = kernel "solaris";
    isUefi = [ (kernel "uefi") ];
    isWasi = kernel "wasi";
    isWindows = kernel "windows";
    isiOS = kernel "ios";
    isMinGW = kernel "windows" // abi "gnu";
    isMsvc = kernel "windows" // abi "msvc";

    isAndroid = map abi [ "android" "androideabi" ];
    isGnu = map abi [
      "gnuabi64"
      "gnuabin32"
      "gnu"
      "gnueabi"
      "gnueabihf"
      "gnuabielfv1"
      "gnuabielfv2"
    ];
    isMusl = map abi [
      "musl"
      "musleabi"
      "musleabihf"
      "muslabin32"
      "muslabi64"
    ];
    isUClibc = map abi [ "uclibc" "uclibceabi" "uclibceabihf" ];
    isEabi.abi.eabi = true;
    isAbiElfv1 = abiKind "elfv1";
    # musl has no other on 64-bit PowerPC.
    isAbiElfv2 = [
      (abiKind "elfv2")
      (familyOfBits "power" 64 // { abi.name = "musl"; })
    ];

    # Processors of which there are machines with UEFI.
    isEfi = map armVersion [ "6" "7" "8" ] ++ map family [ "riscv" "x86" "loongarch" ];

    isElf = format "elf";
    isMacho = format "macho";
    isPE = format "pe";
  };

  inspect = {
    inherit patterns;

    /**
      The pattern that matches what two patterns match; an error if they contradict each other.

      # Type
      `patternLogicalAnd :: Pattern -> Pattern -> [Pattern]`

      # Example
      lib.systems.inspect.patternLogicalAnd { cpu.bits = 64; } { kernel.name = "linux"; }
      => [ { cpu.bits = 64; kernel.name = "linux"; } ]
    */
    patternLogicalAnd =
      left: right:
      let
        isWhole =
          path: l: r:
          intersectAttrs l r == { }
          || l == r
          || throw "pattern conflict at path ${toString path}:\n  ${builtins.toJSON l}\n  ${builtins.toJSON r}\n";
        both = l: r: recursiveUpdateUntil isWhole l r;
      in
      concatMap (l: map (both l) (toList right)) (toList left);

    /**
      A predicate: whether an attribute set matches a pattern.

      # Type
      `matchAnyAttrs :: Pattern -> AttrSet -> Bool`

      # Example
      lib.systems.inspect.matchAnyAttrs [ { a = 1; } { b = 2; } ] { b = 2; c = 3; }
      => true
    */
    matchAnyAttrs =
      pattern:
      if isList pattern then set: any (one: matchAttrs one set) pattern else matchAttrs pattern;

    /**
      The name that `matchAnyAttrs` has had since 2026.

      # Type
      `matchAnyPattern :: Pattern -> AttrSet -> Bool`

      # Example
      lib.systems.inspect.matchAnyPattern { a = 1; } { a = 2; }
      => false
    */
    matchAnyPattern = inspect.matchAnyAttrs;

    /** For every pattern the predicate over parsed platforms. */
    predicates = mapAttrs (_: inspect.matchAnyPattern) patterns;

    /** Patterns of whole platforms, not only of what was parsed; `parsed` tells them from the others. */
    platformPatterns.isStatic = {
      parsed = { };
      isStatic = true;
    };
  };
in
inspect
