{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "etcd-${debian.etcd-server.version}";
  pname = "etcd";
  inherit (debian.etcd-server) version;
  paths = [ debian.etcd-server debian.etcd-client ];
  meta = {
    description = "Key-value store of clusters";
    license = lib.licenses.asl20;
    mainProgram = "etcdctl";
  };
}
