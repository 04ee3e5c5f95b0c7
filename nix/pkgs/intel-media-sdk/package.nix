{ fromDebian, lib }:
fromDebian "libmfx1" {
  pname = "intel-media-sdk";
  meta = {
    description = "Video by graphics of Intel, up to the 11th generation";
    homepage = "https://github.com/Intel-Media-SDK/MediaSDK";
    license = lib.licenses.mit;
  };
}
