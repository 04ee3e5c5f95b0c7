# File systems of virtual machines, in tests and by `system.build.vm`: the root, the store, the boot partition and
# shared folders.
{ config, lib, ... }:
let
  v = config.virtualisation;
  # The image of the store is attached last, so that disks keep the names that people know.
  storeDevice = "/dev/disk/by-id/virtio-store";
  root =
    if v.diskImage == null then
      {
        device = "tmpfs";
        fsType = "tmpfs";
        options = [ "mode=0755" ];
      }
    else
      {
        device = v.rootDevice;
        fsType = "ext4";
      };
  by9p = cache: {
    fsType = "9p";
    options = [
      "trans=virtio"
      "version=9p2000.L"
      "msize=${toString v.msize}"
    ]
    ++ cache;
  };
  shared =
    tag:
    {
      device = tag;
    }
    // (if v.sharesBy == "9p" then by9p [ ] else { fsType = "virtiofs"; });
  readOnly =
    (
      if v.mountHostNixStore then
        # By QEMU itself in any case: virtiofsd may not open files of other users as overlays want it.
        { device = "nix-store"; } // by9p [ "cache=${v.nixStore9pCache}" ]
      else
        {
          device = storeDevice;
          fsType = "erofs";
          options = [ "ro" ];
        }
    )
    // {
      neededForBoot = true;
    };
  store =
    if v.writableStore then
      {
        "/nix/.ro-store" = readOnly;
        "/nix/.rw-store" = lib.mkIf v.writableStoreUseTmpfs {
          device = "tmpfs";
          fsType = "tmpfs";
          options = [ "mode=0755" ];
          neededForBoot = true;
        };
        "/nix/store" = {
          overlay = {
            lowerdir = [ "/nix/.ro-store" ];
            upperdir = "/nix/.rw-store/upper";
            workdir = "/nix/.rw-store/work";
          };
          neededForBoot = true;
        };
      }
    else
      { "/nix/store" = readOnly; };
  boot = lib.optionalAttrs (v.bootPartition != null) {
    ${config.boot.loader.efi.efiSysMountPoint} = {
      device = v.bootPartition;
      fsType = "vfat";
      noCheck = true;
    };
  };
  shares = lib.mapAttrs' (tag: share: {
    name = share.target;
    value = shared tag;
  }) (removeAttrs v.sharedDirectories [ "nix-store" ]);
in
{
  options.virtualisation.sharesBy = lib.mkOption {
    type = lib.types.enum [ "virtiofs" "9p" ];
    default = "virtiofs";
    internal = true;
    description = "How shared folders are served: by programs of the driver, or by QEMU itself.";
  };
  # Without condition: `virtualisation.needs` looks at it, and the backend depends on that.
  config.virtualisation.fileSystems = { "/" = lib.mkIf v.useDefaultFilesystems root; } // store // boot // shares;
  config.virtualisation.sharedDirectories = lib.mkIf v.mountHostNixStore {
    nix-store = {
      source = builtins.storeDir;
      target = if v.writableStore then "/nix/.ro-store" else "/nix/store";
      securityModel = "none";
    };
  };
}
