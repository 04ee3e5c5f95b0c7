{ fromDebian, lib }:
fromDebian "desktop-file-utils" {
  meta = {
    description = "Installs and checks desktop entries";
    homepage = "https://freedesktop.org/wiki/software/desktop-file-utils";
    license = lib.licenses.gpl2Plus;
    mainProgram = "update-desktop-database";
  };
}
