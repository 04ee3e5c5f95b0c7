{ fromDebian, lib }:
fromDebian "restic" {
  meta = {
    description = "Backups without duplicates";
    homepage = "https://restic.net/";
    license = lib.licenses.bsd2;
    mainProgram = "restic";
  };
}
