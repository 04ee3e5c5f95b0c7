{ fromDebian, lib }:
fromDebian "xkb-data" {
  pname = "xkeyboard_config";
  meta = {
    description = "Layouts of keyboards";
    homepage = "https://www.freedesktop.org/wiki/Software/XKeyboardConfig/";
    license = lib.licenses.mit;
  };
}
