{ pkgs, ... }:
{
  name = "data";
  nodes.server =
    { config, ... }:
    {
      services.postgresql = {
        enable = true;
        ensureDatabases = [ "app" ];
        ensureUsers = [
          {
            name = "app";
            ensureDBOwnership = true;
          }
        ];
        initialScript = pkgs.writeText "init.sql" "CREATE TABLE first (x int); INSERT INTO first VALUES (42);";
      };
      services.redis.servers."".enable = true;
      services.redis.servers.second = {
        enable = true;
        port = 6380;
        requirePass = "secret";
      };
      users.users.app = {
        isSystemUser = true;
        group = "app";
      };
      users.groups.app = { };
    };
  testScript = ''
    server.wait_for_unit("postgresql.service")
    server.wait_for_unit("redis.service")
    server.wait_for_unit("redis-second.service")
    server.succeed("sudo -u postgres psql -tAc 'select x from first' | grep 42")
    server.wait_until_succeeds("sudo -u app psql -d app -c 'create table t (x int)'")
    server.succeed("sudo -u app psql -d app -tAc 'insert into t values (1); select count(*) from t' | grep 1")
    server.wait_for_open_port(6379)
    server.wait_for_open_port(6380)
    server.succeed("redis-cli set k v | grep OK")
    server.succeed("redis-cli get k | grep v")
    server.succeed("redis-cli -p 6380 ping | grep NOAUTH")
    server.succeed("redis-cli -p 6380 -a secret ping | grep PONG")
  '';
}
