{ fromDebian, lib }:
fromDebian "iodine" {
  meta = {
    description = "IP through DNS";
    license = lib.licenses.isc;
    mainProgram = "iodine";
  };
}
