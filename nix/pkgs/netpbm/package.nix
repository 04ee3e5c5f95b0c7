{ fromDebian, lib }:
fromDebian "netpbm" {
  meta = {
    description = "Tools for simple picture formats";
    homepage = "https://netpbm.sourceforge.net/";
    license = lib.licenses.bsd3;
  };
}
