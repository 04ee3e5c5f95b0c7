{ fromDebian, lib }:
fromDebian "intel-media-va-driver" {
  pname = "intel-media-driver";
  meta = {
    description = "Video by newer graphics of Intel";
    homepage = "https://github.com/intel/media-driver";
    license = lib.licenses.mit;
  };
}
