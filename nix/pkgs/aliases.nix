# Other names of packages, as nixpkgs has them.
final: prev: {
  # One program, several names.
  apacheHttpd_2_4 = final.apacheHttpd;
  mysql = final.mariadb;
  mariadb_1011 = final.mariadb;
  php82 = final.php;
  opendoas = final.doas;
  docker_24 = final.docker;
  libkrb5 = final.krb5;
  haproxy_2_6 = final.haproxy;
  bird = final.bird2;
  samba4 = final.samba;
  nginxUnstable = final.nginx;
  su = final.util-linux;
  mount = final.util-linux;
  umount = final.util-linux;
  login = final.shadow;
  eject = final.util-linux;
  util-linuxMinimal = final.util-linux;
  utillinux = final.util-linux;
  udev = final.systemd;
  eudev = final.systemd;
  systemdMinimal = final.systemd;
  systemd-boot = final.systemd;
  libudev-zero = final.systemd;
  iproute = final.iproute2;
  netcat = final.netcat-openbsd;
  netcat-gnu = final.netcat-openbsd;
  # X, of which nixpkgs has each small program by itself, and once had all in one set.
  xorgserver = final.xorg-server;
  xinit = final.debian.xinit;
  xsel = final.debian.xsel;
  xclip = final.debian.xclip;
  wmctrl = final.debian.wmctrl;
  xvfb = final.debian.xvfb;
  twm = final.debian.twm;
  xset = final.debian.x11-xserver-utils;
  xsetroot = final.xset;
  xrandr = final.xset;
  xrdb = final.xset;
  xhost = final.xset;
  xmodmap = final.xset;
  xprop = final.debian.x11-utils;
  xwininfo = final.xprop;
  xdpyinfo = final.xprop;
  xlsclients = final.xprop;
  xev = final.xprop;
  xmessage = final.xprop;
  setxkbmap = final.debian.x11-xkb-utils;
  xkbcomp = final.setxkbmap;
  xclock = final.debian.x11-apps;
  xeyes = final.xclock;
  xlogo = final.xclock;
  dejavu_fonts = final.debian.fonts-dejavu-core;
  xorg = {
    inherit (final) lndir xinit xauth xset xsetroot xrandr xrdb xhost xmodmap xprop xwininfo xdpyinfo xlsclients xev xmessage;
    inherit (final) setxkbmap xkbcomp xclock xeyes xlogo xorgserver;
    xkeyboardconfig = final.xkeyboard_config;
    inherit (final.debian) xfonts-base;
  };
  libressl = final.openssl // {
    nc = final.netcat-openbsd;
  };
  bashInteractive = final.bash;
  bashNonInteractive = final.bash;
  bash_5 = final.bash;
  python = final.python3;
  python311 = final.python3;
  python3Full = final.python3;
  python3Minimal = final.python3;
  python311Packages = final.python3Packages // { recurseForDerivations = true; };
  pythonPackages = final.python3Packages;
  gnupatch = final.patch;
  busybox-static = final.busybox;
  pkgsStatic = final // {
    busybox = final.busybox;
  };
  coreutils-full = final.coreutils;
  curlFull = final.curl;
  curlMinimal = final.curl;
  man = final.man-db;
  gitMinimal = final.git;
  gitFull = final.git;
  git-full = final.git;
  openssl_3 = final.openssl;
  openssh_portable = final.openssh;
  openssh_hpn = final.openssh;
  opensshPackages = {
    inherit (final) openssh;
    openssh_hpn = final.openssh;
    openssh_gssapi = final.openssh;
    openssh_10_2 = final.openssh;
  };
  postgresql_15 = final.postgresql;
  nginxStable = final.nginx;
  nginxMainline = final.nginx;
  vaapiIntel = final.intel-vaapi-driver;
  onevpl-intel-gpu = final.vpl-gpu-rt;
  intel-compute-runtime-legacy1 = final.intel-compute-runtime;
  firmwareFree = final.firmwareLinuxFree;
  bluez5 = final.bluez;
  # There are no programs of 32 bits; profiles of hardware name their drivers.
  driversi686Linux = final;
  # With the programs for images of disks, which scripts of tests call.
  qemu_test = final.symlinkJoin {
    name = "qemu-with-utils-${final.qemu.version}";
    inherit (final.qemu) version;
    paths = [ final.qemu final.qemu-utils ];
    meta.mainProgram = "qemu-system-x86_64";
  };
  # The libraries that compiled programs need at run time.
  gccForLibs = final.debian."libstdc++6";
  qemu_kvm = final.qemu;
  qemu_full = final.qemu;
  qemu-utils = final.debian.qemu-utils or final.qemu;
  edk2 = final.OVMF;
  OVMFFull = final.OVMF;
  squashfs-tools-ng = final.squashfsTools;
  squashfs-tools = final.squashfsTools;
  imagemagick_light = final.imagemagick;
  imagemagick6 = final.imagemagick;
  tesseract4 = final.tesseract;
  tesseract5 = final.tesseract;
  dig = final.dnsutils;
  host = final.dnsutils;
  which = final.debianutils;
  less_ = final.less;
  sqlite-interactive = final.sqlite;
  zlib-ng = final.zlib;
  pkgconf = final.pkg-config;
  pkgconfig = final.pkg-config;
  ps = final.procps;
  ping = final.iputils;
  linux = final.linuxPackages.kernel;
  linux_latest = final.linuxPackages.kernel;
  linuxPackages_latest = final.linuxPackages;
  linuxPackages_6_1 = final.linuxPackages;
  linuxKernel = {
    kernels = final.__lackingKernels.kernels // {
      linux_6_1 = final.linuxPackages.kernel;
    };
    packages = final.__lackingKernels.packages // {
      linux_6_1 = final.linuxPackages;
    };
    packagesFor = kernel: final.linuxPackages // { inherit kernel; };
  };
  linuxPackagesFor = kernel: final.linuxPackages // { inherit kernel; };
  cc = final.gcc;
  gcc12 = final.gcc;
  gccNGPackages = final.gcc;
  binutils = final.gcc.cc;
  binutils-unwrapped = final.gcc.cc;
  glibcLocales = final.debian.libc-bin;
  vim-full = final.vim;
  vim_configurable = final.vim;
  nss-cacert = final.cacert;
  gdisk = final.gptfdisk;
  libxcrypt = final.debian.libcrypt1;
  wireguard = final.wireguard-tools;
  unbound-full = final.unbound;
  unbound-with-systemd = final.unbound;
  virtiofsd = final.qemu;
  gnupg1 = final.gnupg;
  lua = final.lua5_4;
  nodejs_18 = final.nodejs;
  ruby_3_1 = final.ruby;
  cmakeMinimal = final.cmake;
  fuse = final.fuse3;
  btrfsProgs = final.btrfs-progs;
  # Names that packages have, or had, in nixpkgs.
  krb5Full = final.krb5;
  mpc_cli = final.mpc;
  mpc-cli = final.mpc;
  miniupnpc_2 = final.miniupnpc;
  nagiosPluginsOfficial = final.monitoring-plugins;
  monitoring-plugins-basic = final.monitoring-plugins;
  nssmdns4 = final.nssmdns;
  udisks2 = final.udisks;
  powerdns = final.pdns;
  quagga = final.frr;
  syslog-ng = final.syslogng;
  mumble_server = final.murmur;
  autofs = final.autofs5;
  rp-pppoe = final.rpPPPoE;
  oathToolkit = final.oath-toolkit;
  libcap_ng = final.libcap;
  # firn is every Nix program, by the name that it is called by.
  nix = final.firn;
  nixVersions = {
    stable = final.firn;
    latest = final.firn;
  };
  lix = final.firn;
  nixos-rebuild = final.firn;
  nixos-rebuild-ng = final.firn;
}
