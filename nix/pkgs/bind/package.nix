{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "bind-${debian.bind9.version}";
  pname = "bind";
  inherit (debian.bind9) version;
  paths = [ debian.bind9 debian.bind9-dnsutils debian.bind9-host ];
  meta = {
    description = "Name server and tools that ask name servers";
    homepage = "https://www.isc.org/bind/";
    license = lib.licenses.mpl20;
    mainProgram = "named";
  };
}
