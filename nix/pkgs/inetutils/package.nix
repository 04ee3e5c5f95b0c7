{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "inetutils-${debian.inetutils-telnet.version}";
  pname = "inetutils";
  inherit (debian.inetutils-telnet) version;
  paths = [ debian.inetutils-telnet debian.inetutils-ping debian.hostname ];
  meta = {
    description = "Small programs of networks";
    license = lib.licenses.gpl3Plus;
    mainProgram = "telnet";
  };
}
