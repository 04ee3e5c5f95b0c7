# The messages of the module system. Each says what is wrong, names the user's files with line and
# column, and says what to do. The parts that other programs look for in messages (the sentence that
# names the option, the list `- In `file': value`) are as they always were.
{ lib }:
let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    head
    isAttrs
    isBool
    isInt
    isList
    isPath
    isString
    length
    typeOf
    ;
  inherit (lib.lists)
    imap0
    init
    last
    optional
    remove
    sortOn
    take
    ;
  inherit (lib.options)
    isOption
    showDefs
    showFiles
    showOption
    unknownModule
    ;
  inherit (lib.strings)
    concatMapStringsSep
    escapeNixIdentifier
    escapeNixString
    levenshtein
    levenshteinAtMost
    optionalString
    ;

  locate = import ./locate.nix { inherit lib; };
  redefine = import ./redefine.nix;
  fallbackFile = import ./fallback.nix;

  attempt = builtins.firn.modules.attempt or builtins.tryEval;

  isKnown = file: file != null && file != unknownModule;

  # `file:line:column` in the form that terminals and editors make clickable.
  showPosition = position: "${position.file}:${toString position.line}:${toString position.column}";

  showFile = file: position: if position.file == toString file then showPosition position else "${toString file}";

  hasPlace = definition: lib.options.placeOf definition != toString definition.file;

  /*
    Definitions that do not know their line and column with these where these are certain: when a file has as many
    definitions of the option as there are positions in it.
  */
  withPositions =
    whence: definitions:
    let
      positionsOf = file: filter (place: place.file == file) whence;
      definitionsOf = file: filter (definition: definition.file == file) definitions;
      placed =
        definition:
        let
          positions = positionsOf definition.file;
        in
        if length positions == 1 && length (definitionsOf definition.file) == 1 && !hasPlace definition then
          definition // { file = showFile definition.file (head positions).position; }
        else
          definition;
    in
    map placed definitions;

  showWithPositions = whence: definitions: showDefs (withPositions whence definitions);

  # A module with the line in which a word stands.
  word = text: "(.*[^[:alnum:]_'-])?${lib.strings.escapeRegex text}([^[:alnum:]_'-].*)?";
  importing = file: text: if isKnown file then locate.withLine file (word text) else toString file;

  # "a, b or c"
  alternatives =
    items:
    if length items < 2 then
      concatStringsSep "" items
    else
      "${concatStringsSep ", " (init items)} or ${last items}";

  # The names nearest to a misspelt one, at most three. Many names are sifted by a cheaper test.
  nearest = nearestWith (_: false);

  # Likewise; of names that are two edits away at most, those come last of which a test says that they have no effect.
  nearestWith =
    isInert: name: candidates:
    let
      sifted =
        if length candidates < 100 then candidates else filter (levenshteinAtMost 2 name) candidates;
      rank =
        candidate:
        let
          distance = levenshtein name candidate;
        in
        if distance > 2 || isInert candidate then distance + 3 else distance;
    in
    take 3 (sortOn rank sifted);

  # What stands in modules beside the definitions.
  besideConfig = [
    "config"
    "disabledModules"
    "freeformType"
    "imports"
    "options"
  ];

  # Is an option, or everything below a level, declared by fallbacks only?
  isFallback =
    node:
    if isOption node then
      node.declarations == [ fallbackFile ]
    else
      all isFallback (attrValues node);

  didYouMean = show: names: optionalString (names != [ ]) "\n\nDid you mean ${alternatives (map show names)}?";

  # Where an option or a set of options is declared: one place will do. A position in another file
  # than the declaration's is that of a function that made it.
  declarationOf =
    value:
    let
      places = lib.lists.zipListsWith (
        file: position: if position.line != null && position.file == toString file then showPosition position else "${toString file}"
      ) value.declarations value.declarationPositions;
    in
    if !isAttrs value then
      [ ]
    else if isOption value then
      take 1 (filter isKnown places)
    else
      take 1 (concatMap (name: declarationOf value.${name}) (attrNames value));

  advice = import ./advice.nix { inherit lib; };

  adviceFor =
    loc: type: definitions:
    let
      found = filter (text: text != null) (map (definition: advice loc type definition.value) definitions);
      tried = attempt (if found == [ ] then "" else "\n\n${head found}");
    in
    if tried.success then tried.value else "";
in
{
  # A position, a file with the line in which a word stands, and a choice: for the other messages.
  inherit
    alternatives
    didYouMean
    importing
    isKnown
    showPosition
    word
    ;

  # Context of every error below the value of an option: where it is defined, and with which priority
  # if not the usual one.
  whileEvaluating =
    whence: loc:
    let
      show =
        place:
        showPosition place.position
        + optionalString (place.priority != null) " with priority ${toString place.priority}";
      places = map show whence;
      shown = take 5 places ++ optional (length places > 5) "…";
    in
    "while evaluating the option `${showOption loc}':"
    + optionalString (places != [ ]) "\n(defined at ${concatStringsSep ", " shown})";

  wrongType =
    whence: loc: type: invalid:
    throw "A definition for option `${showOption loc}' is not of type `${type.description}'. Definition values:${showWithPositions whence invalid}${adviceFor loc type invalid}";

  wrongTypeV2 =
    whence: loc: type: definitions: headError:
    let
      # Not every error is about single definitions.
      invalid = filter (definition: !type.check definition.value) definitions;
      values = if invalid == [ ] then headError.message else "Definition values:${showWithPositions whence invalid}";
    in
    throw "A definition for option `${showOption loc}' is not of type `${type.description}'. TypeError: ${values}${adviceFor loc type invalid}";

  undefined =
    loc: type:
    throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.\nIts type is `${type.description}'.";

  undefinedOption =
    loc: record:
    throw "The option `${showOption loc}' was accessed but has no value defined. Try setting the option.\nIts type is `${record.type.description}'; it is declared at ${
      concatStringsSep ", " (declarationOf record)
    } without a default.";

  readOnly =
    whence: loc: option: definitions:
    throw "The option `${showOption loc}' is read-only, but it's set multiple times. Definition values:${showWithPositions whence definitions}\nIt is declared in ${showFiles option.declarations}. Remove the definitions that are yours.";

  declaredTwice =
    loc: merged: declaration: reason:
    let
      positions = [ declaration.pos or null ] ++ map (place: if place.line == null then null else place) merged.declarationPositions;
      places = map showPosition (filter (position: position != null) positions);
    in
    throw "The option `${showOption loc}' in `${declaration._file}' is already declared in ${showFiles merged.declarations}.${
      optionalString (places != [ ]) "\n(declared at ${concatStringsSep ", " places})"
    }\nOne option can be declared several times only with types that can be merged and with one default, example, description and apply function in all: here ${reason}.";

  notAnOption =
    loc: tag: file:
    let
      path = showOption loc;
      name = escapeNixIdentifier (last loc);
    in
    throw (
      "In module ${file}: expected an option declaration at option path `${path}` but got an attribute set with type ${tag}"
      + optionalString (tag == "option-type") ''


        A type alone declares no option: put it into `mkOption'.

            # ${path}
            ${name} = lib.mkOption {
              type = <the type you wrote for ${name}>;
              description = "…";
            };
      ''
      + optionalString (tag == "if" || tag == "merge" || tag == "override") ''


        Which options there are cannot depend on `config', because `config' depends on them.
        Declare `${path}' without `mk${if tag == "if" then "If" else if tag == "merge" then "Merge" else "Override"}' and make the definitions conditional.
      ''
    );

  conditionalDeclaration =
    loc: declaration:
    throw "In module ${locate.withLine declaration._file "[[:space:]]*options[. =].*"}: the options${optionalString (loc != [ ]) " under `${showOption loc}'"} are wrapped in a property of type `${declaration.options._type}' (`mkIf' and `mkMerge' make such), which only definitions can have.\nWhich options there are cannot depend on `config', because `config' depends on them. Declare the options unconditionally and make the definitions under `config' conditional.";

  notAType =
    loc: record:
    throw "The option `${showOption loc}' is declared (${concatStringsSep ", " (declarationOf record)}) with ${
      if builtins.isFunction record.type then
        "a function as its type: an argument is missing, such as the type of the elements in `lib.types.listOf lib.types.str'"
      else
        "what is no type: types are made by `lib.types', such as `lib.types.str'"
    }.";

  declarationNotASet =
    loc: declaration:
    throw "In module ${declaration._file}: an option declaration for `${concatStringsSep "." loc}' has type `${typeOf declaration.options}' rather than an attribute set. ${
      if builtins.isFunction declaration.options then
        "It is a function: an argument may be missing, such as the description in `mkEnableOption \"…\"'."
      else
        "Did you mean to define it outside of `options', under `config'?"
    }";

  definitionNotASet =
    whence: loc: definition: names:
    let
      path = concatStringsSep "." loc;
      example = head (names ++ [ "<name>" ]);
      shown = map (name: "`${name}'") (take 5 names) ++ optional (length names > 5) "…";
      placed = head (withPositions whence [ (definition // { value = null; }) ]);
    in
    throw "In module `${placed.file}', you're trying to define a value of type `${typeOf definition.config}'\nrather than an attribute set for the option\n`${path}'!\n${
      if loc == [ ] then
        "The configuration in a module is an attribute set of definitions.${
          optionalString (builtins.isFunction definition.config) " This is a function: an argument may be missing, such as the condition of `mkIf condition { … }'."
        }"
      else
        "`${path}' is no option itself; there are options below it: ${concatStringsSep ", " shown}. Write `${path}.${example} = …;'."
    }";

  optionWithOptionsBelow =
    loc: option: below:
    let
      describe =
        declaration:
        map (name: " - option(s) with prefix `${showOption (loc ++ [ name ])}' in module `${declaration._file}'") (
          attrNames declaration.options
        );
      lines = builtins.sort builtins.lessThan (concatMap describe below);
    in
    throw "The option `${showOption loc}' in module `${option._file}' would be a parent of the following options, but its type `${
      option.options.type.description or "<no description>"
    }' does not support nested options.\n${concatStringsSep "\n" lines}\nRename one of them, or give `${showOption loc}' a submodule type.";

  unknownOptions =
    {
      prefix,
      options,
      modules,
      unmatched,
    }:
    let
      first = head unmatched;
      name = last first.prefix;
      parentPath = init first.prefix;
      parent = lib.attrsets.attrByPath parentPath { } options;
      siblings = remove "_module" (attrNames parent);
      absolute = sibling: showOption (prefix ++ parentPath ++ [ sibling ]);
      option = showOption (prefix ++ first.prefix);

      definitions = map (definition: redefine definition null definition.value) (
        filter (definition: definition.prefix == first.prefix) unmatched
      );
      whence = locate.inModules modules first.prefix;
      inShowing =
        value:
        builtins.addErrorContext
          "while evaluating the error message for definitions for `${option}', which is an option that does not exist"
          (builtins.addErrorContext "while evaluating a definition from `${first.file}'" value);
      values = inShowing (showWithPositions whence definitions);
      isWhole = (attempt first.value).success;

      near = nearestWith (sibling: isFallback parent.${sibling}) name siblings;
      declaredAt = declarationOf parent.${head near};
      origin = optionalString (near != [ ] && declaredAt != [ ]) (
        if head declaredAt == fallbackFile then
          "\n(`${absolute (head near)}' is known, but has no effect here)"
        else
          "\n(`${absolute (head near)}' is declared at ${head declaredAt})"
      );

      # What is so near the root and like nothing else is mostly another project's.
      missingModule =
        optionalString
          (
            prefix == [ ]
            && length first.prefix < 3
            && near != [ ]
            && levenshtein name (head near) > lib.trivial.max 2 (builtins.stringLength name / 3)
          )
          "\n\nIf another project declares it, its module is missing in `imports'.";

      others = lib.lists.unique (
        map (definition: "`${showOption (prefix ++ definition.prefix)}' in `${definition.file}'") (
          filter (definition: definition.prefix != first.prefix) unmatched
        )
      );
      alsoUnknown = optionalString (others != [ ]) "\n\nThese don't exist either: ${
        concatStringsSep ", " (take 10 others ++ optional (length others > 10) "…")
      }.";

      hasNoOptions = attrNames options == [ "_module" ];
      nothingDeclared =
        if prefix == [ ] then
          "\n\nNo module declares any option. It seems as if you're trying to declare an option by placing it into `config' rather than `options'!"
        else
          "\n\nHowever there are no options defined in `${showOption prefix}'. Are you sure you've declared your options properly? This can happen if you e.g. declared your options in `types.submodule' under `config' rather than `options'.";
      message = "The option `${option}' does not exist. Definition values:${values}${
        if length first.prefix == 1 && elem name besideConfig then
          "\n\n`${name}' is no option but a part of modules: it stands beside `config', not in it." + alsoUnknown
        else if hasNoOptions then
          nothingDeclared
        else
          missingModule + didYouMean (sibling: "`${absolute sibling}'") near + origin + alsoUnknown
      }";
    in
    if isWhole then throw message else inShowing (throw message);
}
