{ symlinkJoin, debian, lib }:
symlinkJoin {
  name = "transmission-${debian.transmission-daemon.version}";
  pname = "transmission";
  inherit (debian.transmission-daemon) version;
  paths = [ debian.transmission-daemon debian.transmission-cli ];
  meta = {
    description = "BitTorrent client";
    license = lib.licenses.gpl3Plus;
    mainProgram = "transmission-daemon";
  };
}
