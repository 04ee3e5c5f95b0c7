{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "nfs-utils-${debian.nfs-kernel-server.version}";
  pname = "nfs-utils";
  inherit (debian.nfs-kernel-server) version;
  paths = [ debian.nfs-kernel-server debian.nfs-common ];
  meta = {
    description = "Network file system";
    license = lib.licenses.gpl2Only;
    mainProgram = "exportfs";
  };
}
