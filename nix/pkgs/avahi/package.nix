{ fromDebian, lib }:
fromDebian "avahi-daemon" {
  pname = "avahi";
  meta = {
    description = "Finds services in the local network";
    homepage = "https://www.avahi.org/";
    license = lib.licenses.lgpl21Plus;
  };
}
