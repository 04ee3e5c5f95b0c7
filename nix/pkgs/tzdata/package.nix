{ fromDebian, lib }:
fromDebian "tzdata" {
  meta = {
    description = "Time zones";
    homepage = "https://www.iana.org/time-zones";
    license = lib.licenses.publicDomain;
  };
}
