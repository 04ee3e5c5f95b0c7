{ fromDebian, lib }:
fromDebian "minidlna" {
  meta = {
    description = "Media server";
    license = lib.licenses.gpl2Only;
    mainProgram = "minidlnad";
  };
}
