# Formats of lines and sections.
{
  lib,
  values,
  text,
  ...
}:
let
  inherit (builtins) isBool isList replaceStrings;
  inherit (import ./unicode.nix { inherit lib; }) escapeUnicode;
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
      list = (if listsAsDuplicateKeys then listOf else nonEmptyListOf) atom // {
        description = "list of ${atom.description}";
      };
    in
    if atomsCoercedToLists == true || listsAsDuplicateKeys || listToValue != null then
      (if atomsCoercedToLists == true then coercedTo atom lib.lists.singleton list else either atom list)
      // {
        description = "${atom.description} or a ${
          if listsAsDuplicateKeys then "list of them for duplicate keys" else "non-empty list of them"
        }";
      }
    else
      atom;

  # The type of a section.
  iniSection =
    atom:
    attrsOf atom
    // {
      description = "section of an INI file (attrs of ${atom.description})";
    };

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
    checkLists function listsAsDuplicateKeys listToValue
      lib.trivial.throwIf (atomsCoercedToLists != null && !listsAsDuplicateKeys && listToValue == null)
      "formats.${function}: `atomsCoercedToLists' says how lists come about: say what they become, by `listsAsDuplicateKeys' or `listToValue'."
      {
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
        section = iniSection (entry iniAtom options);
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
        section = iniSection (entry iniAtom options);
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
        # A single value is a list of one where lists are allowed.
        options = lineOptions "keyValue" args // {
          atomsCoercedToLists = true;
        };
        atom = values.atom "atom (null, bool, int, float or string)";
        hasLists = options.listsAsDuplicateKeys || options.listToValue != null;
        item = if hasLists then entry atom options else atom;
      in
      {
        type = attrsOf item;
        lib.types.atom = item;
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
        # Java reads such files as Latin-1.
        line = key: value: escapeUnicode "${escapeKey key} = ${protect (escapeValue value)}\n";
      in
      {
        type = attrsOf (
          coercedTo (lib.types.oneOf [
            lib.types.package
            lib.types.bool
            lib.types.int
            lib.types.float
          ]) written str
          // {
            description = "string, package, bool, int or float";
          }
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
