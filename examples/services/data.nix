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
            ensureClauses = {
              createdb = true;
              connection_limit = 5;
              # The hash of `secret`.
              password = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$Ce3wZiZ+yIBCjltccfRiqM0+XDsLE3qPdkEeZKe3hus=:k3q4nlLsA09ST5FLo9zNmfyXR+Ci1J4KmBK5JRVSxeI=";
            };
          }
        ];
        initialScript = pkgs.writeText "init.sql" "CREATE TABLE first (x int); INSERT INTO first VALUES (42);";
      };
      systemd.services.postgresql-setup.script = "$PSQL -d app -c 'CREATE TABLE IF NOT EXISTS own (x int)'";
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
    server.wait_for_unit("postgresql.target")
    server.wait_for_unit("redis.service")
    server.wait_for_unit("redis-second.service")
    server.succeed("sudo -u postgres psql -tAc 'select x from first' | grep 42")
    server.succeed("PGPASSWORD=secret psql -h localhost -U app -tAc 'select rolconnlimit from pg_roles where rolname = current_user' | grep 5")
    server.succeed("sudo -u postgres psql -d app -c 'select * from own'")
    server.wait_until_succeeds("sudo -u app psql -d app -c 'create table t (x int)'")
    server.succeed("sudo -u app psql -d app -tAc 'insert into t values (1); select count(*) from t' | grep 1")
    server.wait_for_open_port(6379)
    server.wait_for_open_port(6380)
    server.succeed("redis-cli set k v | grep OK")
    server.succeed("redis-cli get k | grep v")
    server.succeed("redis-cli -p 6380 ping | grep NOAUTH")
    server.succeed("redis-cli -p 6380 -a secret ping | grep PONG")

    with subtest("the server starts again when it was killed, and what waits for it is there again"):
        server.succeed("systemctl kill -s KILL postgresql")
        server.wait_until_succeeds("systemctl show -P NRestarts postgresql | grep -x 1")
        server.wait_until_succeeds("systemctl is-active postgresql.target")
        server.succeed("sudo -u app psql -d app -c 'select * from t'")
  '';
}
