# Formats of lines and sections.
{
  lib,
  values,
  text,
  ...
}:
let
  inherit (builtins) isBool isList replaceStrings;
  inherit (lib.generators) mkKeyValueDefault mkValueStringDefault toINI toKeyValue;
  inherit (lib.types)
    attrsOf
    coercedTo
    either
    listOf
    nonEmptyListOf
    str
    submodule
    ;

  checkLists =
    function: listsAsDuplicateKeys: listToValue:
    lib.trivial.throwIf (listsAsDuplicateKeys && listToValue != null)
      "formats.${function}: `listsAsDuplicateKeys' and `listToValue' are two answers to one question: give one of them.";

  # The type of what stands behind a key.
  entry =
    atom:
    {
      listsAsDuplicateKeys,
      listToValue,
      atomsCoercedToLists,
    }:
    let
      list = nonEmptyListOf atom // {
        description = "list of ${atom.description}";
      };
    in
    if atomsCoercedToLists == true then
      coercedTo atom lib.lists.singleton list
    else if listsAsDuplicateKeys || listToValue != null then
      either atom list
      // {
        description = "${atom.description} or a list of them${
          if listsAsDuplicateKeys then " for duplicate keys" else ""
        }";
      }
    else
      atom;

  # Lists made values before they are written.
  flatten =
    listToValue: value: if listToValue != null && isList value then listToValue value else value;

  lineOptions =
    function:
    {
      listsAsDuplicateKeys ? false,
      listToValue ? null,
      atomsCoercedToLists ? null,
      ...
    }:
    checkLists function listsAsDuplicateKeys listToValue {
      inherit atomsCoercedToLists listToValue listsAsDuplicateKeys;
    };

  generatorArgs =
    args:
    removeAttrs args [
      "atomsCoercedToLists"
      "listToValue"
    ];

  iniAtom = values.atom "INI atom (null, bool, int, float or string)";
  flattenSections = listToValue: builtins.mapAttrs (_: builtins.mapAttrs (_: flatten listToValue));

  sections = {
    /** Files of sections `[name]` with lines `key=value`. */
    ini =
      args:
      let
        options = lineOptions "ini" args;
        section = attrsOf (entry iniAtom options);
      in
      {
        type = attrsOf section;
        lib.types.atom = entry iniAtom options;
        generate =
          name: value:
          text name (toINI (generatorArgs args) (flattenSections options.listToValue value));
      };

    /** `ini` with lines before the first section: `globalSection` and `sections`. */
    iniWithGlobalSection =
      args:
      let
        options = lineOptions "iniWithGlobalSection" args;
        section = attrsOf (entry iniAtom options);
      in
      {
        type = submodule {
          options = {
            sections = lib.mkOption {
              type = attrsOf section;
              default = { };
              description = "Sections of the file.";
            };
            globalSection = lib.mkOption {
              type = section;
              default = { };
              description = "Lines before the first section.";
            };
          };
        };
        lib.types.atom = entry iniAtom options;
        generate =
          name:
          {
            sections ? { },
            globalSection ? { },
          }:
          text name (
            lib.generators.toINIWithGlobalSection (generatorArgs args) {
              sections = flattenSections options.listToValue sections;
              globalSection = builtins.mapAttrs (_: flatten options.listToValue) globalSection;
            }
          );
      };

    /** Configuration files of git. */
    gitIni =
      args:
      let
        atom = entry iniAtom (lineOptions "gitIni" args);
      in
      {
        type = attrsOf (attrsOf (either atom (attrsOf atom)));
        lib.types.atom = atom;
        generate = name: value: text name (lib.generators.toGitINI value);
      };

    /** Unit files of systemd and its other configuration files: repeated keys are lists. */
    systemd =
      let
        format = sections.ini { listsAsDuplicateKeys = true; };
      in
      # It has no options; people write it with and without `{ }`.
      format // { __functor = _: _: format; };

    /** Files of lines `key=value`. */
    keyValue =
      args:
      let
        options = lineOptions "keyValue" args;
        atom = values.atom "atom (null, bool, int, float or string)";
      in
      {
        type = attrsOf (entry atom options);
        lib.types.atom = entry atom options;
        generate =
          name: value:
          text name (
            toKeyValue (generatorArgs args) (builtins.mapAttrs (_: flatten options.listToValue) value)
          );
      };

    /** Files of Java's `Properties`. */
    javaProperties =
      {
        comment ? "Generated with Nix",
        boolToString ? lib.trivial.boolToString,
      }:
      let
        written = value: if isBool value then boolToString value else toString value;
        escapeValue = replaceStrings [ "\\" "\n" "\r" "\t" ] [ "\\\\" "\\n" "\\r" "\\t" ];
        escapeKey = key: lib.strings.escape [ " " ":" "=" "#" "!" ] (escapeValue key);
        # Blanks at the beginning of a value would be passed over.
        protect = value: if lib.strings.hasPrefix " " value then "\\${value}" else value;
        header = lib.strings.optionalString (comment != "") "# ${comment}\n\n";
        line = key: value: "${escapeKey key} = ${protect (escapeValue value)}\n";
      in
      {
        type = attrsOf (
          coercedTo (lib.types.oneOf [
            lib.types.bool
            lib.types.int
            lib.types.float
            lib.types.path
          ]) written str
        );
        generate =
          name: value:
          text name (
            header
            + lib.strings.concatStrings (
              lib.attrsets.mapAttrsToList (key: item: line key (written item)) value
            )
          );
      };

    /** `nix.conf`. The arguments of nixpkgs' function about checking it are taken and ignored. */
    nixConf =
      {
        extraOptions ? "",
        ...
      }:
      let
        atom = values.atom "Nix configuration atom (null, bool, int, float, string or path)";
        written =
          value:
          if isList value then
            lib.strings.concatMapStringsSep " " written value
          else if value == null then
            ""
          else
            mkValueStringDefault { } (if builtins.isPath value then toString value else value);
        lines = toKeyValue {
          mkKeyValue = mkKeyValueDefault { mkValueString = written; } " = ";
        };
        # Lines that add to a setting come after those that set it.
        isExtra = key: _: lib.strings.hasPrefix "extra-" key;
      in
      {
        type = attrsOf (either atom (listOf atom));
        generate =
          name: value:
          text name (
            "# This file was generated from the configuration; don't edit it.\n"
            + lines (lib.attrsets.filterAttrs (key: item: !isExtra key item) value)
            + lines (lib.attrsets.filterAttrs isExtra value)
            + extraOptions
          );
      };
  };
in
sections
