# The versions of PostgreSQL that there are, as nixpkgs' file of this name lists them.
pkgs: { inherit (pkgs) postgresql_15; }
