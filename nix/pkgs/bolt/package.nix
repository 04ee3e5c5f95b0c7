{ fromDebian, lib }:
fromDebian "bolt" {
  meta = {
    description = "Devices at Thunderbolt 3";
    homepage = "https://gitlab.freedesktop.org/bolt/bolt";
    license = lib.licenses.lgpl21Plus;
    mainProgram = "boltctl";
  };
}
