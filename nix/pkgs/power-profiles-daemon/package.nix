{ fromDebian, lib }:
fromDebian "power-profiles-daemon" {
  meta = {
    description = "Choice between speed and saving power, over D-Bus";
    homepage = "https://gitlab.freedesktop.org/upower/power-profiles-daemon";
    license = lib.licenses.gpl3Plus;
    mainProgram = "powerprofilesctl";
  };
}
