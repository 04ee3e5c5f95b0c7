{ fromDebian, lib }:
fromDebian "libmfx-gen1.2" {
  pname = "vpl-gpu-rt";
  meta = {
    description = "Video by graphics of Intel, from the 12th generation on";
    homepage = "https://github.com/oneapi-src/oneVPL-intel-gpu";
    license = lib.licenses.mit;
  };
}
