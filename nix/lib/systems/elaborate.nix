# Everything that is known about a platform, from its name (part of `lib.systems`).
{ lib }:
let
  inherit (builtins)
    elem
    foldl'
    isAttrs
    mapAttrs
    removeAttrs
    ;
  inherit (lib.strings) optionalString;
  inherit (lib.systems)
    architectures
    inspect
    parse
    platforms
    ;

  names = import ./names.nix { inherit lib; };
  rustNames = import ./rust.nix { inherit lib; };

  functionNames = [
    "canExecute"
    "emulator"
    "emulatorAvailable"
    "staticEmulatorAvailable"
  ];

  # The first value of a list of `[ condition value ]` whose condition holds, else the default.
  choose =
    default: cases:
    let
      held = lib.lists.findFirst (entry: builtins.head entry) null cases;
    in
    if held == null then default else builtins.elemAt held 1;

  libcOf =
    p:
    choose "native/impure" [
      [ p.isDarwin "libSystem" ]
      [ p.isMsvc "ucrt" ]
      [ p.isMinGW "msvcrt" ]
      [ p.isCygwin "cygwin" ]
      [ p.isWasi "wasilibc" ]
      [ p.isWasm null ]
      [ p.isRedox "relibc" ]
      [ p.isMusl "musl" ]
      [ p.isUClibc "uclibc" ]
      [ p.isAndroid "bionic" ]
      [ p.isLinux "glibc" ]
      [ p.isFreeBSD "fblibc" ]
      [ p.isOpenBSD "oblibc" ]
      [ p.isNetBSD "nblibc" ]
      [ p.isAvr "avrlibc" ]
      [ p.isGhcjs null ]
      [ p.isNone "newlib" ]
    ];

  hasSharedLibraries =
    p:
    !p.isStatic
    && (
      p.isAndroid
      || p.isGnu
      || p.isMusl
      || p.isDarwin
      || p.isSunOS
      || p.isOpenBSD
      || p.isFreeBSD
      || p.isNetBSD
      || p.isCygwin
      || p.isMinGW
      || p.isWindows
      || p.isWasm
    );

  extensionsOf =
    p:
    let
      isWindowsLike = p.isWindows || p.isCygwin;
      shared =
        if p.isDarwin then
          ".dylib"
        else if isWindowsLike then
          ".dll"
        else
          ".so";
    in
    {
      staticLibrary = if p.isWindows then ".lib" else ".a";
      library = if p.isStatic then p.extensions.staticLibrary else p.extensions.sharedLibrary;
      executable = if isWindowsLike then ".exe" else "";
    }
    // (if p.hasSharedLibraries then { sharedLibrary = shared; } else { });

  # What kernel and tools of other projects call the processor.
  unameProcessor =
    p:
    choose p.parsed.cpu.name [
      [ p.isPower64 "ppc64${optionalString p.isLittleEndian "le"}" ]
      [ p.isPower "ppc${optionalString p.isLittleEndian "le"}" ]
      [ p.isMips64 "mips64" ]
      [ p.isDarwin p.darwinArch ]
    ];

  qemuArch =
    p:
    choose p.uname.processor [
      [ p.isAarch32 "arm" ]
      [ p.isAarch64 "aarch64${optionalString p.isBigEndian "_be"}" ]
      [ (p.isS390 && !p.isS390x) null ]
      [ p.isx86_64 "x86_64" ]
      [ p.isx86 "i386" ]
      [ p.isMips64n32 "mipsn32${optionalString p.isLittleEndian "el"}" ]
      [ p.isMips64 "mips64${optionalString p.isLittleEndian "el"}" ]
    ];

  # Whether a machine runs what is made for a platform.
  canExecute =
    machine: program:
    let
      needed = program.gcc.arch;
    in
    machine.isAndroid == program.isAndroid
    && parse.isCompatible machine.parsed.cpu program.parsed.cpu
    && machine.parsed.kernel == program.parsed.kernel
    && (
      # Of another processor that is compatible, all instructions are there.
      machine.parsed.cpu != program.parsed.cpu
      || !(program ? gcc.arch)
      || (machine ? gcc.arch && architectures.canExecute machine.gcc.arch needed)
    );

  # The path of a program that runs others made for the platform, or null.
  emulatorOf =
    p: pkgs:
    let
      host = pkgs.stdenv.hostPlatform;
      wine = (pkgs.winePackagesFor "wine${toString p.parsed.cpu.bits}").minimal;
    in
    choose null [
      [ (host.canExecute p) (lib.meta.getExe (pkgs.writeShellScriptBin "exec" ''exec "$@"'')) ]
      [ p.isWindows "${wine}/bin/wine" ]
      [
        (p.isLinux && host.isLinux && p.qemuArch != null)
        "${pkgs.qemu-user}/bin/qemu-${p.qemuArch}"
      ]
      [ p.isWasi "${pkgs.wasmtime}/bin/wasmtime" ]
      [ p.isGhcjs "${pkgs.nodejs-slim}/bin/node" ]
      [ p.isMmix "${pkgs.mmixware}/bin/mmix" ]
    ];

  # What follows from the parts, as far as the arguments don't say otherwise.
  derived = p: args: parsed: {
    _withoutFunctions = removeAttrs p (functionNames ++ [ "_withoutFunctions" ]);
    inherit parsed;
    system = parse.doubleFromSystem p.parsed;
    config = parse.tripleFromSystem p.parsed;

    canExecute = canExecute p;
    emulatorAvailable = pkgs: emulatorOf p pkgs != null;
    # Whether the emulator of statically linked packages will do.
    staticEmulatorAvailable = pkgs: p.emulatorAvailable pkgs && (p.isLinux || p.isWasi || p.isMmix);
    emulator =
      pkgs:
      if p.emulatorAvailable pkgs then
        emulatorOf p pkgs
      else
        throw "Don't know how to run ${p.config} executables.";

    useLLVM = p.isFreeBSD || p.isOpenBSD;
    libc = libcOf p;
    linker =
      if p.useLLVM or false then
        "lld"
      else if p.isDarwin then
        "cctools"
      else
        "bfd";
    # The folder of libraries that programs made elsewhere expect.
    libDir =
      if !p.isLinux then
        null
      else if p.isx86_64 || p.isMips64 || p.isPower64 then
        "lib64"
      else
        "lib";
    extensions = extensionsOf p;
    useAndroidPrebuilt = false;
    useiOSPrebuilt = false;
    # A platform without dynamic loader; some tools build shared libraries for it all the same.
    hasSharedLibraries = hasSharedLibraries p;
    isStatic = p.isWasi || p.isRedox;

    uname = {
      system = names.unameSystem.${p.parsed.kernel.name} or null;
      processor = unameProcessor p;
      release = null;
    };

    gcc = (platforms.select p).gcc or (args.gcc or { });
    # Old name of `rust`.
    rustc = args.rustc or { };

    linuxArch = names.linuxArch p;
    # Das U-Boot has names of its own for two.
    ubootArch = choose p.linuxArch [
      [ p.isx86_32 "x86" ]
      [ p.isMips64 "mips64" ]
    ];
    qemuArch = qemuArch p;
    efiArch = choose p.parsed.cpu.name [
      [ p.isx86_32 "ia32" ]
      [ p.isx86_64 "x64" ]
      [ p.isAarch32 "arm" ]
      [ p.isAarch64 "aa64" ]
    ];

    darwinArch = parse.darwinArch p.parsed.cpu;
    darwinPlatform = choose null [
      [ p.isMacOS "macos" ]
      [ p.isiOS "ios" ]
    ];
    darwinSdkVersion = p.sdkVer or "14.4";
    darwinMinVersion = "14.0";
    darwinMinVersionVariable = choose null [
      [ p.isMacOS "MACOSX_DEPLOYMENT_TARGET" ]
      [ p.isiOS "IPHONEOS_DEPLOYMENT_TARGET" ]
    ];
    androidSdkVersion = args.androidSdkVersion or null;
    androidNdkVersion = args.androidNdkVersion or null;
  };

  checkAssertions =
    p:
    foldl' (
      result: entry: if entry.assertion p then result else throw entry.message
    ) p (p.parsed.abi.assertions or [ ]);
in
{
  inherit functionNames;

  /**
    Everything that is known about a platform: predicates like `isLinux` and `is64bit`, its names for
    tools and languages (`linuxArch`, `qemuArch`, `rust`, `go`, `node`), its C library, whether and how
    it runs programs of others. Takes a name, or a set with `system` or `config` and what shall be
    otherwise than it follows.

    # Type
    `elaborate :: String | AttrSet -> Platform`

    # Example
    (lib.systems.elaborate "aarch64-linux").config
    => "aarch64-unknown-linux-gnu"
  */
  elaborate =
    systemOrArgs:
    let
      given = lib.systems.systemToAttrs systemOrArgs;
      # These follow from the others and cannot be set.
      args = removeAttrs given [
        "_withoutFunctions"
        "parsed"
        "system"
      ];
      parsed = parse.mkSystemFromString (args.config or given.system);
      p =
        derived p args parsed
        // mapAttrs (_: predicate: predicate p.parsed) inspect.predicates
        // mapAttrs (_: predicate: predicate (p.gcc.arch or "default")) architectures.predicates
        // args
        // {
          rust = rustNames p args;
          go = names.go p;
          node = names.node p;
          nim = names.nim p;
        };
    in
    if args ? linux-kernel then
      throw "lib.systems.elaborate: linux-kernel has been removed: a platform says nothing about how to build its kernel."
    else
      assert !p.useAndroidPrebuilt || p.isAndroid;
      checkAssertions p;
}
