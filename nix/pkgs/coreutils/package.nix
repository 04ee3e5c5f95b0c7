# GNU's tools, and `kill`, which nixpkgs has among them: units of published modules name
# `${pkgs.coreutils}/bin/kill`. Debian has it in procps.
{
  debianGroups,
  fromDebian,
  lib,
}:
let
  inherit (debianGroups) procps;
  plain = fromDebian "coreutils" {
    meta = {
      description = "Basic file, shell and text tools of GNU";
      homepage = "https://www.gnu.org/software/coreutils/";
      license = lib.licenses.gpl3Plus;
    };
  };
  known = map (group: group.groupName) plain.debianClosure;
in
plain.overrideAttrs (old: {
  links = old.links // {
    "bin/kill" = "${procps}/bin/kill";
  };
  dependencies =
    old.dependencies
    ++ builtins.filter (group: !builtins.elem group.groupName known) procps.debianClosure;
})
