# The driver as Debian builds it, whatever is asked of codecs.
{
  enableHybridCodec ? false,
  fromDebian,
  lib,
}:
fromDebian "i965-va-driver" {
  pname = "intel-vaapi-driver";
  meta = {
    description = "Video by older graphics of Intel";
    homepage = "https://github.com/intel/intel-vaapi-driver";
    license = lib.licenses.mit;
  };
}
