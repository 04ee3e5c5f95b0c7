{ fromDebian, lib }:
fromDebian "memcached" {
  meta = {
    description = "Cache of objects in memory";
    homepage = "https://memcached.org/";
    license = lib.licenses.bsd3;
    mainProgram = "memcached";
  };
}
