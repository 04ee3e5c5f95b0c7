{ fromDebian, lib }:
let
  self = fromDebian "util-linux" {
    passthru = {
      # Outputs of their own in nixpkgs.
      login = self;
      mount = self;
      swap = self;
    };
    meta = {
      description = "System utilities of Linux";
      homepage = "https://github.com/util-linux/util-linux";
      license = lib.licenses.gpl2Plus;
    };
  };
in
self
