{ fromDebian, lib }:
fromDebian "redis" {
  meta = {
    description = "Key-value store in memory";
    homepage = "https://redis.io/";
    license = lib.licenses.bsd3;
    mainProgram = "redis-cli";
  };
}
