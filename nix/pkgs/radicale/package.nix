{ fromDebianPython, lib }:
fromDebianPython "radicale" {
  meta = {
    description = "Server of calendars and contacts";
    license = lib.licenses.gpl3Plus;
    mainProgram = "radicale";
  };
}
