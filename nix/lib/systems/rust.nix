# What Rust calls a platform (part of `lib.systems`): `p` is the elaborated platform, `args` what it
# was elaborated from. `rustc` is the old name of `rust` in both.
{ lib }:
p: args:
let
  inherit (lib.lists) optional toList;
  inherit (lib.strings)
    hasInfix
    hasPrefix
    hasSuffix
    optionalString
    removeSuffix
    replaceString
    toUpper
    ;

  rust = args.rust or args.rustc or { };
  inherit (p.parsed) abi cpu kernel;

  # A target that is none of Rust's own is described by a file, or by the set that stands in it.
  described =
    rust.platform or (
      if hasSuffix ".json" (rust.rustcTargetSpec or "") then
        lib.trivial.importJSON rust.rustcTargetSpec
      else
        { }
    );

  # https://doc.rust-lang.org/reference/conditional-compilation.html
  arch =
    if rust ? platform then
      rust.platform.arch
    else if p.isAarch32 then
      "arm"
    else if p.isMips64 then
      "mips64"
    else if p.isPower64 then
      "powerpc64"
    else
      cpu.name;
  os =
    if rust ? platform then
      rust.platform.os or "none"
    else if p.isDarwin then
      "macos"
    else if p.isWasm && !p.isWasi then
      "unknown"
    else
      kernel.name;
  family =
    args.rust.platform.target-family or (
      if args ? rustc.platform.target-family then
        toList args.rustc.platform.target-family
      else
        optional p.isUnix "unix" ++ optional p.isWindows "windows" ++ optional p.isWasm "wasm"
    );
  # What C library or kind of system a target is for, by its name: mostly its last part.
  env =
    rust.platform.env or (
      let
        target = p.rust.rustcTargetSpec;
        ending = lib.lists.last (lib.strings.splitString "-" target);
        qnx = builtins.match "qnx([0-9]+)0(_iosock)?" ending;
        starts = builtins.match "(gnu|musl|msvc|ohos|uclibc|newlib|sgx|mlibc|macabi|sim|v5).*" ending;
        wasi = builtins.match ".*-wasi(p[0-9]+).*" target;
        isNamed = builtins.any (part: hasInfix part target);
      in
      if starts != null then
        builtins.head starts
      else if wasi != null then
        builtins.head wasi
      else if qnx != null then
        "nto${builtins.head qnx}${toString (builtins.elemAt qnx 1)}"
      else if isNamed [ "-redox" ] then
        "relibc"
      else if isNamed [ "-wrs-vxworks" ] then
        "gnu"
      else if isNamed [ "-espidf" "-rtems" "nintendo-3ds" ] then
        "newlib"
      else if lib.lists.elem target [ "i386-apple-ios" "x86_64-apple-ios" "x86_64-apple-tvos" ] then
        "sim"
      else
        ""
    );
  vendor = rust.platform.vendor or (if p.parsed.vendor.name == "w64" then "pc" else p.parsed.vendor.name);

  cpuInTarget =
    rust.platform.arch or {
      armv5tel = "armv5te";
      armv6l = "arm";
      armv7a = "armv7";
      armv7l = "armv7";
      riscv32 = "riscv32gc";
      riscv64 = "riscv64gc";
    }
    .${cpu.name} or cpu.name;
  # Rust's names don't tell the two ABIs of 64-bit PowerPC apart.
  abiInTarget =
    if hasPrefix "powerpc" cpu.name && hasPrefix "gnuabielfv" abi.name then "gnu" else abi.name;
  usualTarget =
    if p.isWasi then
      "${cpuInTarget}-wasip1"
    else
      "${cpuInTarget}-${p.rust.platform.vendor}-${kernel.name}${
        optionalString (abi.name != "unknown") "-${abiInTarget}"
      }";

  bareTargets = [
    "-none"
    "nvptx"
    "switch"
    "-uefi"
  ];
in
rust
// {
  platform = described // {
    inherit arch env os vendor;
    target-family = family;
  };

  # The name of a target, or the file that describes it.
  rustcTargetSpec =
    args.rust.rustcTargetSpec or args.rustc.config or (
      if rust ? platform then
        builtins.toFile (rust.rustcTarget or usualTarget + ".json") (builtins.toJSON rust.platform)
      else
        args.rust.rustcTarget or usualTarget
    );
  rustcTarget = rust.rustcTarget or p.rust.cargoShortTarget;

  # The folder of a target, and the form of its name in variables of the environment.
  cargoShortTarget = removeSuffix ".json" (baseNameOf "${p.rust.rustcTargetSpec}");
  cargoEnvVarTarget = replaceString "-" "_" (toUpper p.rust.cargoShortTarget);

  # Without the standard library.
  isNoStdTarget = builtins.any (part: hasInfix part p.rust.rustcTarget) bareTargets;
}
