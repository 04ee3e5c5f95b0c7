{ fromDebian, lib, pkgs }:
let
  pass = fromDebian "pass" {
    meta = {
      description = "Keeps passwords in files encrypted by GnuPG";
      homepage = "https://www.passwordstore.org/";
      license = lib.licenses.gpl2Plus;
      mainProgram = "pass";
    };
    passthru = {
      extensions = pkgs.passExtensions or { };
      # Those that base lacks are told and left out.
      withExtensions =
        choose:
        let
          chosen = choose pass.extensions;
          lacking = lib.filter (extension: extension.isLacking or false) chosen;
          there = lib.subtractLists lacking chosen;
        in
        lib.warnIf (lacking != [ ])
          "base has no extensions of `pass' by the names ${lib.concatMapStringsSep ", " lib.getName lacking}: it is there without them."
          (
            if there == [ ] then
              pass
            else
              pkgs.symlinkJoin {
                name = "pass-with-extensions-${pass.version}";
                inherit (pass) meta;
                paths = [ pass ] ++ there;
              }
          );
    };
  };
in
pass
