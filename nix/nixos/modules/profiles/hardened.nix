import ../lacking.nix { what = "hardened profile"; }
