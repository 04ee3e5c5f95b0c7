# Options that NixOS has and `base` does nothing with. They are declared, so that configurations which
# set or read them can be evaluated; what a machine does not get is told in one warning.
#
# Facts about NixOS (of July 2026; of July 2020 for services which the copy at hand did not have): path, type,
# default. `options/TOP.nix` holds them by path: a set is a level, a list is an option, `[ TYPE ]`,
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
    concatMap
    elemAt
    head
    isList
    length
    mapAttrs
    ;
  inherit (lib)
    concatStringsSep
    mkOption
    optional
    showOption
    ;

  table = import ./table.nix { inherit lib; };
  inherit (table) levelOf;
  known = table.options;
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

  isOurs = option: option.declarations or [ ] == [ fallbackFile ];
  isSet = option: option.highestPrio < 1500;

  # What is told of what somebody defines, each `{ loc, files }`. Where a level has a switch that is on, the level
  # is told; below a switch that is off, only other switches count: what else is set there has no effect in NixOS either.
  toldFor = definition: tellBelow false [ ] definition.prefix known options config;
  tellBelow =
    isOff: above: path: table: declared: values:
    let
      name = head path;
      below = lib.tail path;
      entry = table.${name};
      level = levelOf entry;
      hasSwitch = isList (table.enable or null) && isOurs declared.enable;
      isOn = isSet declared.enable && values.enable == true;
    in
    if hasSwitch && isOn then
      [
        {
          loc = above;
          inherit (declared.enable) files;
        }
      ]
    else if below == [ ] then
      optional
        (
          !(isOff || hasSwitch)
          # Asking for the priority evaluates the default.
          && !(lib.last entry ? pkgs)
          && isSet declared.${name}
        )
        {
          loc = above ++ [ name ];
          inherit (declared.${name}) files;
        }
    else
      tellBelow (isOff || hasSwitch) (above ++ [ name ]) below level declared.${name} values.${name};

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

  declaredUsed = concatMap toldFor config._module.inert;
  # By name, as several modules may define one.
  effectless = lib.zipAttrsWith (_: files: lib.unique (lib.concatLists files)) (
    map (use: { ${showOption use.loc} = use.files; }) (declaredUsed ++ beyond declaredUsed)
  );
  tell = name: files: "- ${name}, set in ${concatStringsSep ", " (map toString files)}";
in
{
  imports = [
    {
      _file = fallbackFile;
      options = levels [ ] known;
    }
  ];
  options._module.overlook = mkOption {
    type = lib.types.functionTo lib.types.bool;
    internal = true;
    description = "Of the path of an option that is not declared: whether defining it is no error.";
  };
  config._module.overlook = inOpen known;
  config.warnings = optional (effectless != { }) (
    "These options are NixOS' own, and base does nothing with them. The machine is made without what they stand for:\n"
    + concatStringsSep "\n" (lib.mapAttrsToList tell effectless)
  );
}
