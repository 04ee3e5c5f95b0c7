{ fromDebian, lib }:
fromDebian "mariadb" {
  meta = {
    description = "Relational database, the free MySQL";
    license = lib.licenses.gpl2Only;
    mainProgram = "mariadb";
  };
}
