{ fromDebian, lib }:
fromDebian "dbus" {
  meta = {
    description = "Message bus between programs";
    homepage = "https://www.freedesktop.org/wiki/Software/dbus/";
    license = lib.licenses.gpl2Plus;
  };
}
