# Packages of Debian whose programs look for their parts in folders of /usr: wrappers tell them the folders of
# the store. In a system they find them in the merged `/usr` as well.
{
  lib,
  pkgs,
  groupOf,
}:
let
  # The shell's line for a variable: a path in the package, where the user has not set it; or folders, before those of
  # the user.
  line =
    raw: name: value:
    if builtins.isList value then
      let
        folders = lib.concatMapStringsSep ":" (path: "${raw}/${path}") value;
      in
      "export ${name}=${folders}\${${name}:+:\$${name}}"
    else
      "export ${name}=\"\${${name}-${raw}/${value}}\"";

  # A curated package that a script makes of a group.
  wrapped =
    raw: script:
    {
      pname,
      meta,
      ...
    }@variables:
    pkgs.runCommandLocal "${pname}-${raw.version}" (
      removeAttrs variables [ "pname" ]
      // {
        inherit meta;
        inherit (pkgs) runtimeShell;
        raw = "${raw}";
        passthru = {
          inherit pname;
          inherit (raw) version debianClosure;
        };
      }
    ) (builtins.readFile script);
in
{
  # Debian's python looks for modules in /usr, which a package in the store does not have.
  # fromDebianPython "borgbackup" { meta = { … }; }
  fromDebianPython =
    group:
    {
      pname ? group,
      # Modules that it only uses where they are.
      modules ? [ ],
      meta,
    }:
    let
      raw = groupOf group;
    in
    wrapped raw ./python-programs.sh {
      inherit pname meta;
      modules = map (module: "${module}") (raw.debianClosure ++ modules);
    };

  # fromDebianWrapped "units" { UNITSFILE = "share/units/definitions.units"; } { meta = { … }; }
  fromDebianWrapped =
    group: variables:
    {
      pname ? group,
      meta,
    }:
    let
      raw = groupOf group;
    in
    wrapped raw ./programs-with-variables.sh {
      inherit pname meta;
      lines = lib.concatStringsSep "\n" (lib.mapAttrsToList (line raw) variables);
    };
}
