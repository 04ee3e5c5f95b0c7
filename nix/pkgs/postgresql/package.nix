{ fromDebian, lib }:
fromDebian "postgresql" {
  meta = {
    description = "Relational database";
    homepage = "https://www.postgresql.org/";
    license = lib.licenses.postgresql;
    mainProgram = "psql";
  };
}
