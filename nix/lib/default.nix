# The library: functions over the language's own data, the module system, and what packages and
# systems are described with. Same names and results as nixpkgs' `lib`.
#
# A folder is a section: `lib/strings` is `lib.strings`. Folders are found, so there is no list of
# sections to forget; the short names at the top level are listed in `./aliases.nix`.
let
  # `bench` measures, `services` is imported by its path.
  isSection = name: kind: kind == "directory" && name != "bench" && name != "services";
  entries = builtins.readDir ./.;
  sectionNames = builtins.filter (name: isSection name entries.${name}) (builtins.attrNames entries);

  contents =
    self:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = import (./. + "/${name}") { lib = self; };
      }) sectionNames
    )
    // import ./aliases.nix self;

  /*
    Ties the knot and offers `extend`, which replaces functions of the library by others for everyone
    who uses the extended library. It is meant for repairs, not for additions.
  */
  knot =
    contentsOf:
    let
      self = contentsOf self // {
        extend = overlay: self.fixedPoints.makeExtensible (self.fixedPoints.extends overlay contentsOf);
      };
    in
    self;
in
knot contents
