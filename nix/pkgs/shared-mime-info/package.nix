{ fromDebian, lib }:
fromDebian "shared-mime-info" {
  meta = {
    description = "Kinds of files, and how to tell them";
    homepage = "https://freedesktop.org/wiki/Software/shared-mime-info";
    license = lib.licenses.gpl2Plus;
    mainProgram = "update-mime-database";
  };
}
