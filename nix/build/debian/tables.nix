# Debian's packages under nixpkgs' names, as far as a line of a table says all about them (../../pkgs/debian).
{ lib }:
let
  wrapped = import ../../pkgs/debian/wrapped.nix;

  # How a package is made of its group.
  curate =
    final: name:
    let
      how = wrapped.${name} or { };
    in
    if how == "python" then
      final.fromDebianPython
    else if how == "ruby" then
      final.fromDebianRuby
    else if how == { } then
      final.fromDebian
    else
      group: final.fromDebianWrapped group how;

  describe = license: description: {
    inherit description;
    license = lib.licenses.${license};
  };
in
{
  # Packages that only have another name here.
  named =
    final: _prev:
    builtins.mapAttrs (
      name: entry:
      let
        at = builtins.elemAt entry;
      in
      curate final name (at 0) {
        pname = name;
        meta = describe (at 1) (at 2) // {
          mainProgram = if builtins.length entry > 3 then at 3 else name;
        };
      }
    ) (import ../../pkgs/debian/named.nix);

  # Libraries, with what is needed to build with them as the output `dev`.
  libraries =
    final: prev:
    builtins.mapAttrs (
      name: entry:
      let
        at = builtins.elemAt entry;
        own = final.fromDebian (at 1) {
          pname = name;
          meta = describe (at 2) (at 3);
        };
      in
      final.withDev (if builtins.length entry == 1 then prev.${name} else own) (at 0)
    ) (import ../../pkgs/debian/libraries.nix);
}
