{ fromDebianPython, lib }:
fromDebianPython "borgbackup" {
  meta = {
    description = "Backups without duplicates";
    homepage = "https://www.borgbackup.org/";
    license = lib.licenses.bsd3;
    mainProgram = "borg";
  };
}
