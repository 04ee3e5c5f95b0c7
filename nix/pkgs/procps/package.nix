{ fromDebian, lib }:
fromDebian "procps" {
  meta = {
    description = "ps, top, free and others";
    homepage = "https://gitlab.com/procps-ng/procps";
    license = lib.licenses.gpl2Plus;
  };
}
