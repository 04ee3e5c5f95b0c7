# The image of `image.repart`: a folder for each partition, its file system, and a table.
{ lib, pkgs }:
{
  cfg,
  kinds,
  baseName,
}:
let
  # Sizes in bytes, as systemd reads them: K is 1024.
  units = {
    K = 1024;
    M = 1024 * 1024;
    G = 1024 * 1024 * 1024;
    T = 1024 * 1024 * 1024 * 1024;
  };
  bytes =
    size:
    let
      parts = builtins.match "([0-9]+)([KMGT]?)B?" (toString size);
    in
    lib.toInt (lib.head parts) * (units.${lib.last parts} or 1);
  least = c: bytes (c.SizeMinBytes or (c.SizeMaxBytes or 0));
  minimal = c: (c.Minimize or "off") != "off";
  # Made from the seed and the partition's name, so that images are the same each time.
  identifier =
    name:
    let
      hash = builtins.hashString "sha256" "${toString cfg.seed} ${name}";
      part = from: length: builtins.substring from length hash;
    in
    "${part 0 8}-${part 8 4}-4${part 13 3}-8${part 17 3}-${part 20 12}";
  fill = p: ''
    mkdir -p root
    ${lib.optionalString (p.storePaths != [ ]) ''
      mkdir -p root${p.nixStorePrefix}
      while read -r path; do
        cp -a --reflink=auto "$path" root${p.nixStorePrefix}/
      done < ${pkgs.closureInfo { rootPaths = p.storePaths; }}/store-paths
    ''}
    ${lib.concatStrings (
      lib.mapAttrsToList (place: content: ''
        mkdir -p "$(dirname root/${place})"
        cp -aL --no-preserve=mode,ownership ${content.source} root/${place}
      '') p.contents
    )}
    ${lib.concatMapStrings (folder: "mkdir -p root/${folder}\n") (lib.toList (p.repartConfig.MakeDirectories or [ ]))}
  '';
  # What the programs call themselves, their arguments, and how large a file is made for them.
  format =
    p:
    let
      c = p.repartConfig;
      kind = c.Format or "none";
      label = c.Label or p.name;
      more = lib.concatStringsSep " " (cfg.mkfsOptions.${kind} or [ ]);
      uuid = identifier "${p.name} file system";
      ext = ''
        size $(($(du -sk root | cut -f1) * 1024 * ${if minimal c then "12 / 10 + 16777216" else "13 / 10 + 33554432"}))
        ${pkgs.e2fsprogs}/bin/mke2fs -q -F -t ${kind} -L ${lib.escapeShellArg (lib.substring 0 16 label)} -U ${uuid} -E hash_seed=${uuid},lazy_itable_init=1,root_owner=0:0 -d root ${more} part
      '';
    in
    {
      ext2 = ext;
      ext3 = ext;
      ext4 = ext;
      vfat = ''
        size $(($(du -sk root | cut -f1) * 1024 * 11 / 10 + 4194304))
        ${pkgs.dosfstools}/bin/mkfs.vfat --invariant -n ${lib.escapeShellArg (lib.toUpper (lib.substring 0 11 label))} ${more} part
        for entry in root/*; do
          [ -e "$entry" ] || continue
          MTOOLS_SKIP_CHECK=1 ${pkgs.mtools}/bin/mcopy -s -i part "$entry" ::/
        done
      '';
      swap = ''
        size 0
        ${pkgs.util-linux}/bin/mkswap -q -L ${lib.escapeShellArg label} -U ${uuid} ${more} part
      '';
      erofs = "${pkgs.erofs-utils}/bin/mkfs.erofs -T1 --all-root -U ${uuid} ${more} part root\nsize 0\n";
      squashfs = "${pkgs.squashfsTools}/bin/mksquashfs root part -quiet -no-progress -all-root -mkfs-time 1 -all-time 1 ${more}\nsize 0\n";
      none = "size 0\n";
    }
    .${kind};
  one = p: ''
    least=${toString (least p.repartConfig)}
    : > part
    ${fill p}
    ${format p}
    add ${kinds.${p.repartConfig.Type} or p.repartConfig.Type} ${p.repartConfig.UUID or (identifier p.name)} ${lib.escapeShellArg (p.repartConfig.Label or p.name)} ${
      lib.optionalString (cfg.split && p.repartConfig ? SplitName) "${p.repartConfig.SplitName}"
    }
    chmod -R u+w root && rm -rf root part
  '';
  partitions = lib.mapAttrsToList (name: p: p // { inherit name; }) cfg.partitions;
in
pkgs.runCommand cfg.name
  {
    preferLocalBuild = true;
    passthru = { inherit (cfg) partitions; };
  }
  ''
    # mtools asks the C library for the code page of file names.
    export GCONV_PATH=${pkgs.glibc}/lib/x86_64-linux-gnu/gconv
    export PATH=$PATH:${lib.makeBinPath [ pkgs.util-linux pkgs.zstd pkgs.xz ]}
    mkdir $out
    image=${baseName}.raw
    : > $image
    end=1048576
    table="label: gpt
    label-id: ${identifier "disk"}
    "
    # Makes the partition's file at least so large, in whole mebibytes.
    size() {
      local there wanted
      there=$(stat -c %s part)
      wanted=$(($1 > least ? $1 : least))
      wanted=$((wanted > there ? wanted : there))
      truncate -s $(((wanted + 1048575) / 1048576 * 1048576)) part
    }
    add() {
      local bytes
      bytes=$(stat -c %s part)
      [ "$bytes" -gt 0 ] || { echo "the partition $3 has no size: give it SizeMinBytes, or a Format with contents" >&2; exit 1; }
      dd if=part of=$image bs=1M seek=$((end / 1048576)) conv=notrunc,sparse status=none
      [ -z "''${4-}" ] || cp --sparse=always part $out/${baseName}.$4.raw
      table="$table start=$((end / 512)), size=$((bytes / 512)), type=$1, uuid=$2, name=\"$3\"
    "
      end=$((end + bytes))
    }
    ${lib.concatMapStrings one partitions}
    wanted=${if cfg.imageSize == "auto" then "0" else toString (bytes cfg.imageSize)}
    truncate -s $((wanted > end + 1048576 ? wanted : end + 1048576)) $image
    echo "$table" | sed 's/^ *//' | sfdisk --quiet --no-reread $image
    ${
      if !cfg.compression.enable then
        "cp --sparse=always $image $out/"
      else if cfg.compression.algorithm == "xz" then
        "xz -${toString cfg.compression.level} < $image > $out/$image.xz"
      else
        "zstd -q -${toString cfg.compression.level} $image -o $out/$image.zst"
    }
  ''
