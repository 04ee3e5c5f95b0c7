{ fromDebian, lib }:
fromDebian "opendoas" {
  meta = {
    description = "Runs commands as another user";
    license = lib.licenses.isc;
    mainProgram = "doas";
  };
}
