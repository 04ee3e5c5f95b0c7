# A memory test that starts without an operating system.
{ fromDebian, lib }:
let
  self = fromDebian "memtest86+" {
    pname = "memtest86plus";
    meta = {
      description = "Memory test that starts without an operating system";
      homepage = "https://www.memtest.org";
      license = lib.licenses.gpl2Only;
    };
    passthru.efi = "${self}/boot/memtest86+x64.efi";
  };
in
self
