# Documentation of options as data, for the tools that people make manuals with.
{ pkgs, lib, ... }:
{
  # nixosOptionsDoc { options; transformOptions; warningsAreErrors; … }
  nixosOptionsDoc =
    {
      options,
      transformOptions ? lib.id,
      revision ? "",
      documentType ? "appendix",
      optionIdPrefix ? "opt-",
      variablelistId ? "configuration-variable-list",
      warningsAreErrors ? true,
      baseOptionsJSON ? null,
      markdownByDefault ? true,
      allowDocBook ? false,
    }:
    let
      documented = lib.filter (option: option.visible && !option.internal) (
        map transformOptions (lib.optionAttrSetToDocList options)
      );
      base =
        if baseOptionsJSON == null then { } else lib.importJSON (baseOptionsJSON);
      optionsNix =
        base
        // lib.listToAttrs (
          map (option: {
            inherit (option) name;
            value = removeAttrs option [
              "internal"
              "name"
              "visible"
            ];
          }) documented
        );
      undescribed = lib.attrNames (
        lib.filterAttrs (_: option: (option.description or null) == null) optionsNix
      );
      checked =
        if warningsAreErrors && undescribed != [ ] then
          throw "nixosOptionsDoc: these options have no description: ${toString undescribed}. Give them one, or set `warningsAreErrors = false'."
        else
          optionsNix;
      textOf = value: value.text or (if lib.isString value then value else "");
      # One section of Markdown.
      section =
        name: option:
        "## ${lib.escape [ "*" "<" "[" "`" ] name}\n\n${textOf (option.description or "")}\n\n*Type:* ${option.type or "unspecified"}\n\n"
        + lib.optionalString (option ? default) "*Default:* `${textOf option.default}`\n\n"
        + lib.optionalString (option ? example) "*Example:* `${textOf option.example}`\n\n";
      inFolder =
        name: text:
        pkgs.writeTextFile {
          inherit name text;
          destination = "/share/doc/nixos/${name}";
        };
    in
    {
      inherit optionsNix;
      optionsJSON = inFolder "options.json" (
        builtins.unsafeDiscardStringContext (builtins.toJSON checked)
      );
      optionsCommonMark = pkgs.writeText "options.md" (
        builtins.unsafeDiscardStringContext (
          lib.concatStrings (lib.mapAttrsToList section checked)
        )
      );
    };
}
