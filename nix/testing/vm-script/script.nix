# The text of the script that starts a machine. What users of it know from NixOS: QEMU_OPTS, QEMU_KERNEL_PARAMS,
# QEMU_NET_OPTS, NIX_DISK_IMAGE, NIX_EFI_VARS, NIX_SWTPM_DIR, SHARED_DIR, TMPDIR with USE_TMPDIR, NIX_SSL_CERT_FILE;
# arguments are QEMU's. Texts of options are words of a shell.
{ config, lib }:
let
  inherit (lib) concatStringsSep optional optionalString;
  v = config.virtualisation;
  pkgs = v.host.pkgs;
  inherit (config.system) name;
  inherit (config.system.build) toplevel;
  firn = config.system.activationProgram;
  qemu = "${v.qemu.package}/bin/qemu-system-x86_64";
  qemuImg = "${pkgs.qemu-utils}/bin/qemu-img";
  mkfs = "${pkgs.e2fsprogs}/sbin/mkfs.ext4";
  # Variables of the shell that only this machine's users set.
  kernelVariable = "NIXPKGS_QEMU_KERNEL_${
    lib.stringAsChars (c: if builtins.match "[A-Za-z0-9]" c != null then c else "_") name
  }";

  storeImage = derivation {
    name = "store-image-${name}";
    inherit (pkgs.stdenv.hostPlatform) system;
    builder = "builtin:store-image";
    roots = [ "${toplevel}" ];
    preferLocalBuild = true;
    allowSubstitutes = false;
  };

  makeDisk =
    if v.useBootLoader && v.useDefaultFilesystems then
      ''
        mkdir -p "$scratch/root/nix/var/nix/profiles"
        ${optionalString v.installBootLoader ''
          ln -s system-1-link "$scratch/root/nix/var/nix/profiles/system"
          ln -s ${toplevel} "$scratch/root/nix/var/nix/profiles/system-1-link"
        ''}
        ${optionalString (!v.useEFIBoot) "cp -r --no-preserve=mode ${config.system.build.bootFolder}/. \"$scratch/root\""}
        ${firn} __partitioned-disk "$scratch/disk" ${diskSize} ${
          if v.useEFIBoot then config.system.build.espImage else config.system.build.grubImages
        } ${mkfs} "$scratch/root"
        ${qemuImg} convert -f raw -O qcow2 "$scratch/disk" "$NIX_DISK_IMAGE"
      ''
    else if v.useDefaultFilesystems then
      ''
        ${qemuImg} create -q -f raw "$scratch/disk" ${diskSize}M
        ${mkfs} -q -F -L nixos "$scratch/disk"
        ${qemuImg} convert -f raw -O qcow2 "$scratch/disk" "$NIX_DISK_IMAGE"
      ''
    else
      ''
        ${qemuImg} create -q -f qcow2 "$NIX_DISK_IMAGE" ${diskSize}M
      '';
  diskSize = toString (if v.diskSize == "auto" then 1024 else v.diskSize);

  disk = optionalString (v.diskImage != null) ''
    NIX_DISK_IMAGE=$(readlink -f "''${NIX_DISK_IMAGE:-${v.diskImage}}")
    if ! test -e "$NIX_DISK_IMAGE"; then
      echo "making the disk $NIX_DISK_IMAGE" >&2
      scratch=$(mktemp -d)
      trap 'rm -rf "$scratch"' EXIT
      ${makeDisk}
      rm -rf "$scratch"
      trap - EXIT
    fi
  '';

  certificates = optionalString v.useHostCerts ''
    mkdir -p "$TMPDIR/certs"
    if test -e "$NIX_SSL_CERT_FILE"; then
      cp -L "$NIX_SSL_CERT_FILE" "$TMPDIR/certs/ca-certificates.crt"
    else
      echo 'NIX_SSL_CERT_FILE names no file, which virtualisation.useHostCerts wants' >&2
    fi
  '';

  variables = optionalString v.useEFIBoot ''
    NIX_EFI_VARS=$(readlink -f "''${NIX_EFI_VARS:-${name}-efi-vars.fd}")
    if ! test -e "$NIX_EFI_VARS"; then
      cp ${v.efi.variables} "$NIX_EFI_VARS"
      chmod 0644 "$NIX_EFI_VARS"
    fi
  '';

  # It ends with QEMU's connection.
  tpm = optionalString v.tpm.enable ''
    NIX_SWTPM_DIR=$(readlink -f "''${NIX_SWTPM_DIR:-${name}-swtpm}")
    mkdir -p "$NIX_SWTPM_DIR"
    ${pkgs.swtpm}/bin/swtpm socket --tpm2 --terminate --daemon --tpmstate dir="$NIX_SWTPM_DIR" \
      --ctrl type=unixio,path="$NIX_SWTPM_DIR/socket.ctrl"
  '';

  emptyDisk = number: image: ''
    test -e empty${toString number}.qcow2 || ${qemuImg} create -q -f qcow2 empty${toString number}.qcow2 ${toString image.size}M
  '';

  # Where the kernel offers acceleration and machines stand still with it, they are emulated.
  acceleration =
    if v.qemu.forceAccel then
      ''
        if ! timeout 0.25 ${firn} __kvm-probe; then
          echo 'virtualisation.qemu.forceAccel: /dev/kvm is missing, closed to this user, or machines make no progress with it' >&2
          exit 1
        fi
        accelerator=kvm processor=max
      ''
    else
      ''
        accelerator=tcg processor=qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+cx16,+aes,+pclmulqdq,+rdrand,-svm
        if timeout 0.25 ${firn} __kvm-probe; then accelerator=kvm processor=max; fi
      '';

  words = given: lib.concatStrings (lib.mapAttrsToList (key: value: ",${key}=${value}") given);
  device =
    given:
    (
      if v.qemu.diskInterface == "scsi" then
        "-device lsi53c895a -device scsi-hd"
      else if v.qemu.diskInterface == "ide" then
        "-device ide-hd"
      else
        "-device virtio-blk-pci"
    )
    + given;
  drive =
    id: file: driveExtra: deviceExtra:
    "-drive file=${file},if=none,id=${id}${words driveExtra} ${device ",drive=${id}${words deviceExtra}"}";
  emptyDrive =
    number: image:
    drive "empty${toString number}" ''"$TMPDIR"/empty${toString number}.qcow2'' (
      { werror = "report"; } // image.driveConfig.driveExtraOpts
    ) image.driveConfig.deviceExtraOpts;

  forward =
    port:
    let
      at = end: "${end.address}:${toString end.port}";
    in
    if port.from == "host" then
      "hostfwd=${port.proto}:${at port.host}-${at port.guest},"
    else
      "guestfwd=${port.proto}:${at port.guest}-cmd:'${firn} __connect ${
        if port.host.address == "" then "127.0.0.1" else port.host.address
      } ${toString port.host.port}',";
  credential =
    name: given:
    let
      source = if given.source != null then given.source else pkgs.writeText "credential-${name}" given.text;
    in
    if given.mechanism == "fw_cfg" then
      "-fw_cfg name=opt/io.systemd.credentials/${name},file=${source}"
    else
      ''-smbios type=11,value=io.systemd.credential.binary:${name}="$(base64 -w0 ${source})"'';

  store = lib.optionals (!v.mountHostNixStore) [
    "-drive file=${storeImage},format=raw,readonly=on,if=none,id=store"
    "-device virtio-blk-pci,drive=store,serial=store"
  ];
  share =
    tag: given:
    "-virtfs local,path=${given.source},mount_tag=${tag},security_model=${given.securityModel},multidevs=remap${
      optionalString (tag == "nix-store") ",readonly=on"
    }";
  starts = lib.optionals v.directBoot.enable [
    "-kernel \${${kernelVariable}:-${toplevel}/kernel}"
    "-initrd ${v.directBoot.initrd}"
    ''-append "$(cat ${toplevel}/kernel-params) init=${toplevel}/init $QEMU_KERNEL_PARAMS"''
  ];

  arguments =
    [
      "-name ${name}"
      "-machine q35,accel=$accelerator"
      "-cpu $processor"
      "-m ${toString v.memorySize}"
      "-smp ${toString v.cores}"
      "-device virtio-rng-pci"
    ]
    ++ lib.optionals v.hardware.userNet [
      "-nic user,model=virtio-net-pci,id=user.0,${lib.concatMapStrings forward v.forwardPorts}${
        optionalString v.restrictNetwork "restrict=on,"
      }\"$QEMU_NET_OPTS\""
    ]
    ++ lib.mapAttrsToList share v.sharedDirectories
    ++ optional (v.diskImage != null) (
      drive "root" ''"$NIX_DISK_IMAGE"'' {
        cache = "writeback";
        werror = "report";
      } ({ serial = "root"; } // lib.optionalAttrs (!v.directBoot.enable) { bootindex = "1"; })
    )
    ++ lib.imap0 emptyDrive v.emptyDiskImages
    ++ store
    ++ optional v.qemu.virtioKeyboard "-device virtio-keyboard"
    ++ [ "-usb" "-device usb-tablet,bus=usb-bus.0" ]
    ++ starts
    ++ lib.optionals v.useEFIBoot (
      lib.optional v.hardware.firmware.protected "-machine smm=on -global driver=cfi.pflash01,property=secure,value=on"
      ++ [
        "-drive if=pflash,format=raw,unit=0,readonly=on,file=${v.efi.firmware}"
        ''-drive if=pflash,format=raw,unit=1,file="$NIX_EFI_VARS"''
      ]
    )
    ++ optional (!v.graphics) "-nographic"
    ++ optional (v.graphics && v.hardware.resolution != null) (
      "-vga none -device VGA,edid=on,xres=${toString v.resolution.x},yres=${toString v.resolution.y}"
    )
    ++ lib.optionals v.tpm.enable [
      ''-chardev socket,id=tpm,path="$NIX_SWTPM_DIR"/socket.ctrl''
      "-tpmdev emulator,id=tpm0,chardev=tpm"
      "-device ${v.tpm.deviceModel},tpmdev=tpm0"
    ]
    ++ lib.optionals v.qemu.enableSharedMemory [
      "-object memory-backend-memfd,id=memory,size=${toString v.memorySize}M,share=on"
      "-machine memory-backend=memory"
    ]
    ++ lib.mapAttrsToList credential v.credentials
    ++ v.hardware.qemuOptions;
in
''
  #!${pkgs.runtimeShell}
  export PATH=${pkgs.coreutils}/bin''${PATH:+:}$PATH
  set -e
  ${disk}
  if test -z "$TMPDIR" || test -z "$USE_TMPDIR"; then
    TMPDIR=$(mktemp -d nix-vm.XXXXXXXXXX --tmpdir)
  fi
  export TMPDIR
  mkdir -p "$TMPDIR/xchg"
  ${certificates}${variables}${tpm}
  cd "$TMPDIR"
  ${lib.concatStrings (lib.imap0 emptyDisk v.emptyDiskImages)}${acceleration}
  exec ${qemu} \
    ${concatStringsSep " \\\n    " arguments} \
    $QEMU_OPTS "$@"
''
