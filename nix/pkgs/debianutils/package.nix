{ fromDebian, lib }:
fromDebian "debianutils" {
  meta = {
    description = "Small tools of Debian, which among them";
    homepage = "https://packages.debian.org/debianutils";
    license = lib.licenses.gpl2Plus;
  };
}
