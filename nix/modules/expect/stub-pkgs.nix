# Packages that are only names: modules can be evaluated with them, and what they generate compared
# with golden files, without building anything.
{ lib }:
let
  stub = name: {
    type = "derivation";
    inherit name;
    pname = name;
    version = "1.0";
    outPath = "/stub/${name}";
    drvPath = "/stub/${name}.drv";
    outputName = "out";
    meta = { };
  };
  file = name: text: stub name // { inherit text; };
  names = [
    "bash"
    "busybox"
    "cacert"
    "coreutils"
    "cryptsetup"
    "curl"
    "dbus"
    "e2fsprogs"
    "findutils"
    "firn"
    "git"
    "gnugrep"
    "gnused"
    "gnutar"
    "gzip"
    "iana-etc"
    "iproute2"
    "iptables"
    "kmod"
    "less"
    "linux"
    "mount"
    "nano"
    "nftables"
    "nginx"
    "openssh"
    "pam"
    "postgresql"
    "procps"
    "python3"
    "redis"
    "shadow"
    "su"
    "sudo"
    "systemd"
    "tzdata"
    "udev"
    "util-linux"
  ];
  self = lib.genAttrs names stub // {
    inherit lib;
    stdenv.hostPlatform = {
      system = "x86_64-linux";
      linux-kernel.target = "bzImage";
    };
    runtimeShell = "/stub/bash/bin/bash";
    linuxPackages.kernel = stub "linux";
    debian = lib.genAttrs [ "dbus-user-session" "dmsetup" "libcryptsetup12" "libgcc-s1" ] stub;
    writeText = file;
    writeTextFile = args: file args.name args.text;
    runCommand = name: _: text: file name text;
    buildEnv = args: stub args.name // { inherit args; };
    mergedUsr = args: stub args.name // { inherit args; };
    appendOverlays = overlays: lib.foldl' (prev: overlay: prev // overlay self prev) self overlays;
  };
in
self
