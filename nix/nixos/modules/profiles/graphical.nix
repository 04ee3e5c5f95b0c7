import ../lacking.nix { what = "graphical profile"; }
