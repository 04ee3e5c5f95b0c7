{ x86_64-linux.a = (import ./package.nix) "a-1.0" "The first thing\nof two lines"; }
