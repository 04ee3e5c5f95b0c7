# Options that NixOS has and `base` does nothing with. They are declared, so that configurations which
# set or read them can be evaluated; what a machine does not get is told in one warning.
#
# Facts about NixOS (of July 2026; of July 2020 for services which the copy at hand did not have): path, type,
# default. `options/TOP.json` holds them by path: an object is a level, a list is an option, `[ TYPE ]`,
# `[ TYPE DEFAULT ]`, or `[ "open" LEVEL ]` for a level that has changed since 2020 or is known by name only: what is not
# listed there may be set as well. A type is a name, or a list of a name and what belongs to it (see `types.nix`).
#
# A fallback: any other module's declaration of an option takes the place of the one here.
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (builtins)
    attrNames
    concatMap
    elemAt
    fromJSON
    head
    isList
    length
    mapAttrs
    readDir
    readFile
    ;
  inherit (lib)
    concatStringsSep
    listToAttrs
    mkOption
    nameValuePair
    optional
    removeSuffix
    showOption
    ;

  known = listToAttrs (
    map (file: nameValuePair (removeSuffix ".json" file) (fromJSON (readFile (./options + "/${file}")))) (
      attrNames (readDir ./options)
    )
  );
  fallbackFile = import ../../lib/modules/fallback.nix;
  typeOf = import ./types.nix { inherit lib levels; };

  defaultOf =
    loc: default:
    if default ? pkgs then
      lib.attrByPath (lib.splitString "." default.pkgs)
        (throw "The option `${showOption loc}' has no value: its default would be `pkgs.${default.pkgs}', a package that base has not.")
        pkgs
    else
      default;
  declare =
    loc: entry:
    mkOption (
      {
        type = typeOf (head entry);
        visible = false;
        description = "An option of NixOS that has no effect in `base`.";
      }
      // lib.optionalAttrs (length entry > 1) { default = defaultOf loc (elemAt entry 1); }
    );
  # The level that an entry is, open or not; null if it is an option.
  levelOf =
    entry:
    if !isList entry then
      entry
    else if head entry == "open" then
      elemAt entry 1
    else
      null;
  levels =
    loc:
    mapAttrs (
      name: entry:
      let
        place = loc ++ [ name ];
        level = levelOf entry;
      in
      if level != null then levels place level else declare place entry
    );

  # Is one of these set by somebody? Only asked where nothing switches the whole off.
  used =
    loc: table: declared: values:
    if isList (table.enable or null) then
      optional (isOurs declared.enable && isSet declared.enable && values.enable == true) (showOption loc)
    else
      concatMap (name: usedHere (loc ++ [ name ]) table.${name} declared.${name} or null values.${name}) (
        attrNames table
      );
  usedHere =
    place: entry: option: value:
    let
      level = levelOf entry;
    in
    if option == null then
      [ ]
    else if level != null then
      if lib.isOption option then [ ] else used place level option value
    else
      optional (
        lib.isOption option
        && isOurs option
        # Asking for the priority evaluates the default.
        && !(lib.last entry ? pkgs)
        && isSet option
      ) (showOption place);
  isSet = option: option.highestPrio < 1500;
  isOurs = option: option.declarations == [ fallbackFile ];
  # Does a path lie in an open level?
  inOpen =
    entry: path:
    path != [ ]
    && (
      if isList entry then
        head entry == "open"
      else
        entry ? ${head path} && inOpen entry.${head path} (lib.tail path)
    );

  effectless = used [ ] known options config;
in
{
  _file = fallbackFile;
  options = levels [ ] known // {
    _module.overlook = mkOption {
      type = lib.types.functionTo lib.types.bool;
      internal = true;
      description = "Of the path of an option that is not declared: whether defining it is no error.";
    };
  };
  config._module.overlook = inOpen known;
  config.warnings = optional (effectless != [ ]) (
    "These options are NixOS' own, and base does nothing with them: ${concatStringsSep ", " effectless}. "
    + "The machine is made without what they stand for."
  );
}
