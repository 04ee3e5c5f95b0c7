{ fromDebian, lib }:
fromDebian "libnotify-bin" {
  pname = "libnotify";
  meta = {
    description = "Sends notices to desktops";
    homepage = "https://gitlab.gnome.org/GNOME/libnotify";
    license = lib.licenses.lgpl21;
    mainProgram = "notify-send";
  };
}
