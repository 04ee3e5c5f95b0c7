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
        map (option: transformOptions (tolerant option)) (lib.optionAttrSetToDocList options)
      );
      # Published modules name packages that Debian has not: that is no reason to have no manual.
      attempt = builtins.firn.modules.attempt or builtins.tryEval;
      tolerant =
        option:
        option
        // lib.mapAttrs (
          name: value:
          let
            unknown = "not known, as it depends on a package that is not there";
            tried = attempt (builtins.deepSeq value value);
          in
          if tried.success then
            tried.value
          else if name == "description" then
            unknown
          else
            lib.literalMD unknown
        ) (builtins.intersectAttrs { default = null; example = null; description = null; } option);
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
