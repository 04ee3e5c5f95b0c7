{ fromDebian, lib }:
fromDebian "libgl1-mesa-dri" {
  pname = "mesa";
  meta = {
    description = "Accelerated graphics: Mesa's drivers";
    homepage = "https://mesa3d.org/";
    license = lib.licenses.mit;
  };
}
