{ fromDebian, lib }:
fromDebian "sqlite3" {
  pname = "sqlite";
  meta = {
    description = "Relational database in a file";
    homepage = "https://www.sqlite.org/";
    license = lib.licenses.publicDomain;
    mainProgram = "sqlite3";
  };
}
