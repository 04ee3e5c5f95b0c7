{ fromDebian, lib }:
fromDebian "cron" {
  meta = {
    description = "Runs programs at set times";
    homepage = "https://ftp.isc.org/isc/cron/";
    license = lib.licenses.isc;
    mainProgram = "cron";
  };
}
