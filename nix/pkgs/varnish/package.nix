{ fromDebian, lib }:
fromDebian "varnish" {
  meta = {
    description = "Cache before web servers";
    license = lib.licenses.bsd2;
    mainProgram = "varnishd";
  };
}
