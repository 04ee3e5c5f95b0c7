{ fromDebianPython, lib }:
fromDebianPython "xandikos" {
  meta = {
    description = "Server of calendars on Git";
    license = lib.licenses.gpl3Plus;
    mainProgram = "xandikos";
  };
}
