{ fromDebian, lib }:
fromDebian "radicale" {
  meta = {
    description = "Server of calendars and contacts";
    license = lib.licenses.gpl3Plus;
    mainProgram = "radicale";
  };
}
