# The program's own version of one of Debian's, as nixpkgs has it: `9.2p1` of `1:9.2p1-2+deb12u3`. Debian puts an epoch
# before it and a revision behind it, and tells in between what it took out or what the version really is.
let
  inherit (builtins) elemAt match;

  # Each takes off what its second group matches.
  rules = map (pattern: match "()${pattern}") [
    "[0-9]+:(.*)"
    # Of stable releases: `~deb12u2`, in names of store paths `-deb12u2`.
    "(.+)[~-](deb|bpo)[0-9]+[^-]*"
    # Native packages have no revision.
    "([^-]+)[+](deb|nmu|b)[0-9].*"
    "(.+)-[^-]*"
    ".*[+]really[+]?(.+)"
    "(.+)[.+~-](dfsg|ds|repack)[0-9.]*([+].*)?"
    "(.+)[+][~-].*"
    # What else is inside, or the day of a snapshot.
    "([^+]+)[+](samba|20[0-9]{6}).*"
  ];
  apply =
    version: rule:
    let
      found = rule version;
    in
    if found == null then version else elemAt found 1;
in
version: builtins.replaceStrings [ "~" ] [ "-" ] (builtins.foldl' apply version rules)
