import ../lacking.nix { what = "profile of installation media"; }
