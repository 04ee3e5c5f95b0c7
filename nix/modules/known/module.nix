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
  properties = import ../../lib/modules/properties.nix { inherit lib; };
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

  # What of these is set by somebody, each `{ loc, files }`. Below a switch that is off, only switches count: what
  # else is set there has no effect in NixOS either.
  used =
    onlySwitches: loc: table: declared: values:
    if isList (table.enable or null) && isOurs declared.enable then
      if isSet declared.enable && values.enable == true then
        [
          {
            inherit loc;
            inherit (declared.enable) files;
          }
        ]
      else
        usedBelow true loc (removeAttrs table [ "enable" ]) declared values
    else
      usedBelow onlySwitches loc table declared values;
  usedBelow =
    onlySwitches: loc: table: declared: values:
    concatMap (
      name:
      let
        entry = table.${name};
      in
      if onlySwitches && levelOf entry == null then
        [ ]
      else
        usedHere onlySwitches (loc ++ [ name ]) entry declared.${name} or null values.${name}
    ) (attrNames table);
  usedHere =
    onlySwitches: place: entry: option: value:
    let
      level = levelOf entry;
    in
    if option == null then
      [ ]
    else if level != null then
      if lib.isOption option then [ ] else used onlySwitches place level option value
    else
      optional
        (
          lib.isOption option
          && isOurs option
          # Asking for the priority evaluates the default.
          && !(lib.last entry ? pkgs)
          && isSet option
        )
        {
          loc = place;
          inherit (option) files;
        };
  isSet = option: option.highestPrio < 1500;
  isOurs = option: option.declarations or [ ] == [ fallbackFile ];

  # Is more defined than that something is off, under conditions that hold?
  inForce = value: lib.any (content: isOn (content.content or content)) (properties.dischargeProperties value);
  isOn = value: if value ? enable then inForce value.enable else value != false;

  # What is defined in open levels beyond what is declared, but for what belongs to something that is told anyway.
  beyond =
    told:
    concatMap
      (
        definition:
        optional (!lib.any (above: lib.lists.hasPrefix above.loc definition.prefix) told && inForce definition.value) {
          loc = definition.prefix;
          files = [ definition.file ];
        }
      )
      config._module.overlooked;

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

  declaredUsed = used false [ ] known options config;
  # By name, as several modules may define one.
  effectless = lib.zipAttrsWith (_: files: lib.unique (lib.concatLists files)) (
    map (use: { ${showOption use.loc} = use.files; }) (declaredUsed ++ beyond declaredUsed)
  );
  tell = name: files: "- ${name}, set in ${concatStringsSep ", " (map toString files)}";
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
  config.warnings = optional (effectless != { }) (
    "These options are NixOS' own, and base does nothing with them. The machine is made without what they stand for:\n"
    + concatStringsSep "\n" (lib.mapAttrsToList tell effectless)
  );
}
