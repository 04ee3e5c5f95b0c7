{ fromDebian, lib }:
fromDebian "fprintd" {
  meta = {
    description = "Fingerprint readers, over D-Bus";
    homepage = "https://fprint.freedesktop.org/";
    license = lib.licenses.gpl2Plus;
    mainProgram = "fprintd-verify";
  };
}
