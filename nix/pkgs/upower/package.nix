{ fromDebian, lib }:
fromDebian "upower" {
  meta = {
    description = "Batteries and other sources of power, over D-Bus";
    homepage = "https://upower.freedesktop.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "upower";
  };
}
