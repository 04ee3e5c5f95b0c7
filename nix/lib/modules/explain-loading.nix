# The messages about loading modules: what is imported, and what a file has to be to be a module. Like those of
# ./explain.nix, which are about options and definitions.
{ lib }:
let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    head
    isAttrs
    removeAttrs
    typeOf
    ;
  inherit (lib.options) showDefs showOption;
  inherit (lib.strings) escapeNixString levenshteinAtMost optionalString;

  locate = import ./locate.nix { inherit lib; };
  inherit (import ./explain.nix { inherit lib; })
    alternatives
    didYouMean
    importing
    isKnown
    showPosition
    word
    ;

  # Terminal colours, for the message people meet who import a flake as a module.
  escape = builtins.fromJSON ''"\u001b"'';
  bold = text: "${escape}[1m${text}${escape}[0m";
  green = text: "${escape}[1;32m${text}${escape}[0m";
in
{
  strayAttributes =
    file: key: m: names:
    let
      anchor = if m ? config then "config" else "options";
      position = builtins.unsafeGetAttrPos (head names) m;
    in
    throw "Module `${key}' has an unsupported attribute `${head names}'${
      optionalString (position != null) " (${showPosition position})"
    }. This module has a top-level `${anchor}', so its definitions belong into `config': move ${
      alternatives (map (name: "`${name}'") names)
    } there, or, if the module declares no options, remove `config = { … }' around the others.";

  noModule =
    file: key: m:
    throw "module ${toString file} (${toString key}) does not look like a module.\nA module is an attribute set, a function that gives one, or the path of a file with one of these; this is of type `${typeOf m}'.";

  missingFile =
    parent: path:
    throw (
      if isKnown parent then
        "The module `${importing parent (baseNameOf (toString path))}' imports `${toString path}', which does not exist.\n${
          if builtins.isString path then
            "A string that begins with `/' is taken for the file of a module, also where a submodule is expected."
          else
            "Check the path in `imports': it is relative to the file it is written in. In a flake, a new file must be added to git before it is seen."
        }"
      else
        "The module `${toString path}' does not exist.\nCheck the path in the list of modules. In a flake, a new file must be added to git before it is seen."
    );

  missingArgument =
    key: name: hasDefault: args: moduleArgs:
    let
      available = attrNames (
        removeAttrs (args // moduleArgs) [
          "_class"
          "_prefix"
          "extendModules"
          "moduleType"
        ]
      );
    in
    throw (
      "The module `${locate.withLine key (word name)}' asks for the argument `${name}', which nobody provides.${
        didYouMean (near: "`${near}'") (filter (levenshteinAtMost 2 name) available)
      }\n\nArguments there are: ${concatStringsSep ", " available}.\nDefine it with `_module.args.${name} = …;' in any module, or, if `imports' need it, pass it in `specialArgs'."
      + optionalString hasDefault "\nThe default in the function's header is never used: set the default with `_module.args.${name} = lib.mkDefault …;'."
    );

  folderWithoutDefault =
    parent: path:
    throw "The module `${importing parent (baseNameOf (toString path))}' imports the folder `${toString path}', in which there is no `default.nix'.\nName one of the files in it, or add a `default.nix' that imports them.";

  notAPath =
    parent: text:
    throw "The module `${importing parent text}' imports the string ${escapeNixString text}, which is no absolute path.\n${
      if lib.strings.hasInfix "/" text || lib.strings.hasSuffix ".nix" text then
        "A path is written without quotes: ${optionalString (!lib.strings.hasPrefix "." text) "./"}${text}"
      else
        "What stands in `imports' is a path without quotes, such as ./file.nix, a function or an attribute set."
    }";

  importsNotAList =
    file: value:
    throw "`imports' of the module `${importing file "imports"}' is of type `${typeOf value}', and expected is a list: `imports = [ … ];'.${
      optionalString (value._type or null == "if")
        "\nWhich modules there are cannot depend on `config', so `mkIf' has no place here: import unconditionally, and make what the module defines conditional. A condition that does not need `config' can stand in `lib.optionals condition [ … ]'."
    }";

  # A module that takes no more arguments than it names.
  closedPattern =
    key: names: unexpected:
    throw "The module `${locate.withLine key ".*}[[:space:]]*:.*"}' is called with unexpected argument `${unexpected}', which it does not name.\nModules get more arguments than they need, so their pattern ends in `...': { ${
      concatStringsSep ", " (names ++ [ "..." ])
    } }: { … }";

  nestedImports =
    file: value:
    throw "Module imports can't be nested lists. Perhaps you meant to remove one level of lists? Definitions: ${
      showDefs [ { file = importing file "imports"; inherit value; } ]
    }";

  notAModule =
    {
      file,
      type,
      class,
      prefix,
    }:
    let
      into =
        optionalString (isKnown file) ", while trying to load a module into ${toString file}"
        + optionalString (prefix != [ ]) ", while trying to load a module into ${bold (showOption prefix)}";
      attribute = if class == null then "modules.someApp.default" else "modules.${class}.default";
      hints = {
        configuration = "\n\nA configuration is the result of evaluating modules; please only import the modules that make up the configuration. Give the list of these a name with `let', or put it into a file or an attribute of its own.";
        flake =
          "\n\nA flake has modules among its outputs; name the one you want, such as\n\n    inputs.someflake.${green attribute}"
          + optionalString (class == "nixos" || class == "darwin") "\n    inputs.someflake.${green "${class}Modules.default"}";
      };
    in
    throw "Expected a module, but found a value of type ${escapeNixString type}${into}.\n\nModules are what stands in `imports = [ … ];' and `modules = [ … ];'; each is a path, a function or an attribute set.${hints.${type} or ""}";

  wrongClass =
    class: module:
    let
      own = escapeNixString module._class;
      expected = escapeNixString class;
    in
    throw "The module `${module._file or module.key}` (class: ${own}) cannot be imported into a module evaluation that expects class ${expected}.\nThe module is made for ${own}: look for the one its author provides for ${expected}, or, if it is yours and fits both, leave out `_class'.";

  ambiguousDisabled =
    file: item:
    throw "Module `${file}` contains a disabledModules item that is an attribute set that can be converted to a string (${toString item}) but also has a `.key` attribute (${item.key}) with a different value. Which of the two names the module to disable cannot be told.";

  undeterminedDisabled =
    file: item:
    throw (
      if isAttrs item then
        "Module `${file}` contains a disabledModules item that is an attribute set, presumably a module, that does not have a `key` attribute. Without a key there is nothing to recognise it by: name the module by its path, by a path relative to modulesPath, or give it a `key`."
      else
        "Each disabledModules item must be a path, string, or a attribute set with a key attribute, or a value supported by toString. However, one of the disabledModules items in `${toString file}` is none of that, but is of type ${typeOf item}."
    );
}
