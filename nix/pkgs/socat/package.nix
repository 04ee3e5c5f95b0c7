{ fromDebian, lib }:
fromDebian "socat" {
  meta = {
    description = "Relays data between two channels";
    homepage = "http://www.dest-unreach.org/socat/";
    license = lib.licenses.gpl2Only;
    mainProgram = "socat";
  };
}
