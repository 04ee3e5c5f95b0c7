{ fromDebian, lib }:
fromDebian "knot" {
  meta = {
    description = "Authoritative name server";
    license = lib.licenses.gpl3Plus;
    mainProgram = "knotd";
  };
}
