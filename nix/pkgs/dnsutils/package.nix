{ fromDebian, lib }:
fromDebian "bind9-dnsutils" {
  pname = "dnsutils";
  meta = {
    description = "dig, nslookup and nsupdate";
    homepage = "https://www.isc.org/bind/";
    license = lib.licenses.mpl20;
    mainProgram = "dig";
  };
}
