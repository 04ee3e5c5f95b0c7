# From names like `x86_64-linux` and `x86_64-unknown-linux-gnu` to the parts of a platform, and back
# (`lib.systems.parse`).
{ lib }:
let
  inherit (builtins)
    all
    any
    attrValues
    concatStringsSep
    elem
    elemAt
    head
    length
    match
    removeAttrs
    ;
  inherit (lib.strings)
    hasPrefix
    optionalString
    splitString
    versionAtLeast
    ;
  inherit (lib.systems.inspect.predicates)
    isAarch32
    isBigEndian
    isCygwin
    isDarwin
    isLinux
    isPower64
    isWindows
    ;
  inherit (lib.types)
    isType
    setType
    ;

  parts = import ./parts.nix { inherit lib; };
  inherit (parts)
    abis
    cpuTypes
    execFormats
    kernelFamilies
    kernels
    significantBytes
    vendors
    ;

  open = name: description: { inherit description name; };
  looks = name: description: verify: { inherit description name verify; };
  oneOf =
    values:
    let
      known = if builtins.isList values then values else attrValues values;
    in
    {
      name = "enum";
      verify = value: builtins.elem value known;
    };

  # What platforms are made of. An open type says what such a thing is called, or looks like (`verify`), the
  # other one which there are.
  types = {
    openSignificantByte = open "significant-byte" "Endianness";
    significantByte = oneOf significantBytes;
    bitWidth = oneOf [
      8
      16
      32
      64
      128
    ];
    openCpuType = looks "cpu-type" "instruction set architecture name and information" (
      cpu:
      types.bitWidth.verify cpu.bits
      && (if cpu.bits > 8 then types.significantByte.verify cpu.significantByte else !(cpu ? significantByte))
    );
    cpuType = oneOf cpuTypes;
    openVendor = open "vendor" "vendor for the platform";
    vendor = oneOf vendors;
    openExecFormat = open "exec-format" "executable container used by the kernel";
    execFormat = oneOf execFormats;
    openKernelFamily = open "exec-format" "executable container used by the kernel";
    kernelFamily = oneOf kernelFamilies;
    openKernel = looks "open-kernel" "kernel name and information" (
      kernel:
      types.execFormat.verify kernel.execFormat
      && all types.kernelFamily.verify (attrValues kernel.families)
    );
    kernel = oneOf kernels;
    openAbi = open "abi" "binary interface for compiled code and syscalls";
    abi = oneOf abis;
    parsedPlatform =
      looks "system" "fully parsed representation of llvm- or nix-style platform tuple"
        (
          {
            cpu,
            vendor,
            kernel,
            abi,
          }:
          types.cpuType.verify cpu
          && types.vendor.verify vendor
          && types.kernel.verify kernel
          && types.abi.verify abi
        );
  };

  # Each processor runs code for those listed, and for what these run.
  runs = {
    i486 = [ "i386" ];
    i586 = [ "i486" ];
    i686 = [ "i586" ];
    x86_64 = [ "i686" ];
    armv5tel = [ "arm" ];
    armv6l = [
      "armv5tel"
      "armv6m"
    ];
    armv7l = [ "armv6l" ];
    armv7a = [
      "armv7l"
      "armv7m"
    ];
    armv7r = [
      "armv7l"
      "armv7m"
    ];
    aarch64 = [ "armv8a" ];
    powerpc64 = [ "powerpc" ];
    powerpc64le = [ "powerpcle" ];
    mips64 = [ "mips" ];
    mips64el = [ "mipsel" ];
    sparc64 = [ "sparc" ];
  };

  /**
    The name of a kernel, with its version where it has one.

    # Type
    `kernelName :: Kernel -> String`

    # Example
    lib.systems.parse.kernelName lib.systems.parse.kernels.linux
    => "linux"
  */
  kernelName = kernel: kernel.name + toString (kernel.version or "");

  /**
    The format of programs that GNU's tools expect of NetBSD: a.out for old processors of 32 bits.

    # Type
    `gnuNetBSDDefaultExecFormat :: CpuType -> ExecFormat`

    # Example
    (lib.systems.parse.gnuNetBSDDefaultExecFormat lib.systems.parse.cpuTypes.i686).name
    => "aout"
  */
  gnuNetBSDDefaultExecFormat =
    cpu:
    if cpu.bits == 32 && elem cpu.family [ "arm" "sparc" "m68k" "x86" ] then
      execFormats.aout
    else
      execFormats.elf;

  # What stands in the last of three places when the middle one is the vendor.
  kernelsAfterVendor = [
    "ghcjs"
    "mingw32"
    "mmixware"
    "redox"
    "uefi"
  ];
  kernelPrefixesAfterVendor = [
    "freebsd"
    "netbsd"
    "openbsd"
    "genode"
  ];
  abisWithoutVendor = [
    "eabi"
    "eabihf"
    "elf"
    "gnu"
  ];

  # Which of `{ cpu, vendor, kernel, abi }` the components of a name are.
  ofOne =
    cpu: refuse:
    if cpu == "avr" then
      {
        inherit cpu;
        kernel = "none";
        abi = "unknown";
      }
    else
      refuse "with 1 component is ambiguous";

  ofTwo =
    cpu: second:
    if second == "cygwin" then
      {
        inherit cpu;
        vendor = "pc";
        kernel = "cygwin";
      }
    else if second == "windows" then
      {
        inherit cpu;
        kernel = "windows";
        abi = "msvc";
      }
    else if second == "elf" then
      {
        inherit cpu;
        vendor = "unknown";
        kernel = "none";
        abi = "elf";
      }
    else
      {
        inherit cpu;
        kernel = second;
      };

  ofThree =
    cpu: second: third: refuse:
    let
      isCpuKernelAbi = second == "linux" || elem third abisWithoutVendor;
      isCpuVendorKernel =
        second == "apple"
        || third == "cygwin"
        || hasPrefix "wasm32" cpu
        || elem third kernelsAfterVendor
        || any (prefix: hasPrefix prefix third) kernelPrefixesAfterVendor;
    in
    if isCpuKernelAbi then
      {
        inherit cpu;
        vendor = "unknown";
        kernel = second;
        abi = third;
      }
    else if isCpuVendorKernel then
      {
        inherit cpu;
        vendor = second;
        # GNU's tools break on -gnu for Windows.
        kernel = if third == "mingw32" then "windows" else third;
      }
    else
      refuse "with 3 components is ambiguous";

  # GNU's tools ignore an ABI in the kernel's name.
  withoutAbi =
    name:
    let
      found = match "(.*)e?abi.*" name;
    in
    if found == null then name else head found;

  parse = {
    inherit (parts)
      abis
      cpuTypes
      execFormats
      kernelFamilies
      kernels
      significantBytes
      vendors
      ;
    inherit gnuNetBSDDefaultExecFormat kernelName types;

    /**
      Whether a processor runs programs made for another.

      # Type
      `isCompatible :: CpuType -> CpuType -> Bool`

      # Example
      lib.systems.parse.isCompatible lib.systems.parse.cpuTypes.x86_64 lib.systems.parse.cpuTypes.i686
      => true
    */
    isCompatible =
      machine: program:
      program == machine
      || any (name: parse.isCompatible cpuTypes.${name} program) (runs.${machine.name} or [ ]);

    /**
      Whether a value is a parsed platform.

      # Type
      `isSystem :: a -> Bool`

      # Example
      lib.systems.parse.isSystem (lib.systems.parse.mkSystemFromString "x86_64-unknown-linux-gnu")
      => true
    */
    isSystem = isType "system";

    /**
      A parsed platform of its checked parts.

      # Type
      `mkSystem :: { cpu, vendor, kernel, abi } -> System`

      # Example
      (lib.systems.parse.mkSystem { cpu = lib.systems.parse.cpuTypes.x86_64; vendor = lib.systems.parse.vendors.pc; kernel = lib.systems.parse.kernels.linux; abi = lib.systems.parse.abis.gnu; })._type
      => "system"
    */
    mkSystem =
      components:
      assert types.parsedPlatform.verify components;
      setType "system" components;

    /**
      The names of the parts among the components of a platform's name.

      # Type
      `mkSkeletonFromList :: [String] -> { cpu, vendor ?, kernel, abi ? }`

      # Example
      lib.systems.parse.mkSkeletonFromList [ "x86_64" "linux" ]
      => { cpu = "x86_64"; kernel = "linux"; }
    */
    mkSkeletonFromList =
      components:
      let
        count = length components;
        at = elemAt components;
        refuse = reason: throw "system string '${concatStringsSep "-" components}' ${reason}";
      in
      if count == 1 then
        ofOne (at 0) refuse
      else if count == 2 then
        ofTwo (at 0) (at 1)
      else if count == 3 then
        ofThree (at 0) (at 1) (at 2) refuse
      else if count == 4 then
        {
          cpu = at 0;
          vendor = at 1;
          kernel = at 2;
          abi = at 3;
        }
      else
        refuse "has invalid number of hyphen-separated components";

    /**
      The parsed platform of the names of its parts; vendor and ABI follow from the rest if missing.

      # Type
      `mkSystemFromSkeleton :: { cpu, vendor ?, kernel, abi ? } -> System`

      # Example
      (lib.systems.parse.mkSystemFromSkeleton { cpu = "x86_64"; kernel = "linux"; }).abi.name
      => "gnu"
    */
    mkSystemFromSkeleton =
      {
        cpu,
        kernel,
        vendor ? null,
        abi ? null,
      }@skeleton:
      let
        find =
          what: table: name:
          table.${name} or (throw "Unknown ${what}: ${name}");
        findKernel = find "kernel" kernels;
        # GNU's name of the version stands behind the kernel's.
        unversioned = lib.lists.findFirst (name: hasPrefix name skeleton.kernel) null [
          "darwin"
          "netbsd"
        ];

        usualVendor =
          if isDarwin parsed then
            vendors.apple
          else if isWindows parsed || isCygwin parsed then
            vendors.pc
          else
            vendors.unknown;
        usualAbi =
          if !(isLinux parsed || isWindows parsed) then
            abis.unknown
          else if isAarch32 parsed then
            if versionAtLeast (parsed.cpu.version or "0") "6" then abis.gnueabihf else abis.gnueabi
          else if isPower64 parsed && isBigEndian parsed then
            abis.gnuabielfv1
          else
            abis.gnu;

        parsed = {
          cpu = find "CPU type" cpuTypes skeleton.cpu;
          vendor = if skeleton ? vendor then find "vendor" vendors skeleton.vendor else usualVendor;
          kernel = findKernel (if unversioned != null then unversioned else withoutAbi skeleton.kernel);
          abi = if skeleton ? abi then find "ABI" abis skeleton.abi else usualAbi;
        };
      in
      parse.mkSystem parsed;

    /**
      The parsed platform of a name.

      # Type
      `mkSystemFromString :: String -> System`

      # Example
      (lib.systems.parse.mkSystemFromString "x86_64-linux").kernel.name
      => "linux"
    */
    mkSystemFromString =
      name: parse.mkSystemFromSkeleton (parse.mkSkeletonFromList (splitString "-" name));

    /**
      Apple's name of a processor.

      # Type
      `darwinArch :: CpuType -> String`

      # Example
      lib.systems.parse.darwinArch lib.systems.parse.cpuTypes.aarch64
      => "arm64"
    */
    darwinArch = cpu: if cpu.name == "aarch64" then "arm64" else cpu.name;

    /**
      The name of a platform by processor and kernel.

      # Type
      `doubleFromSystem :: System -> String`

      # Example
      lib.systems.parse.doubleFromSystem (lib.systems.parse.mkSystemFromString "x86_64-unknown-linux-gnu")
      => "x86_64-linux"
    */
    doubleFromSystem =
      # The ABI is no part of the name, yet whoever has none has no platform.
      {
        cpu,
        kernel,
        abi,
        ...
      }:
      "${cpu.name}-${if kernel.families ? darwin then "darwin" else kernelName kernel}";

    /**
      The name of a platform as GNU's tools know it.

      # Type
      `tripleFromSystem :: System -> String`

      # Example
      lib.systems.parse.tripleFromSystem (lib.systems.parse.mkSystemFromString "x86_64-linux")
      => "x86_64-unknown-linux-gnu"
    */
    tripleFromSystem =
      {
        cpu,
        vendor,
        kernel,
        abi,
        ...
      }@system:
      let
        cpuName = if kernel.families ? darwin then parse.darwinArch cpu else cpu.name;
        format = optionalString (
          kernel.name == "netbsd" && kernel.execFormat != gnuNetBSDDefaultExecFormat cpu
        ) kernel.execFormat.name;
        abiName = optionalString (abi != abis.unknown) "-${abi.name}";
      in
      assert parse.isSystem system;
      "${cpuName}-${vendor.name}-${kernelName kernel}${format}${abiName}";

    /**
      A parsed platform with the ABI of musl that fits it.

      # Type
      `mkMuslSystem :: System -> System`

      # Example
      (lib.systems.parse.mkMuslSystem (lib.systems.parse.mkSystemFromString "x86_64-unknown-linux-gnu")).abi.name
      => "musl"
    */
    mkMuslSystem =
      system:
      let
        suffix = match "(gnu|musl)(eabi|eabihf|abin32|abi64)" system.abi.name;
        abi = if suffix == null then abis.musl else abis."musl${elemAt suffix 1}";
      in
      parse.mkSystem (removeAttrs system [ "_type" ] // { inherit abi; });
  };
in
parse
