# Pieces of text with dependencies among them, such as the steps of an activation script.
{ lib }:
let
  inherit (builtins) foldl' isAttrs;

  stringsWithDeps = {
    /**
      The texts of the named entries and of all they depend on, each once and after its dependencies.

      # Type
      `textClosureList :: { String = { deps :: [String]; text :: String; } | String; } -> [String] -> [String]`

      # Example
      lib.textClosureList { a = lib.fullDepEntry "A" [ "b" ]; b = lib.noDepEntry "B"; } [ "a" ]
      => [ "B" "A" ]
    */
    textClosureList =
      entries: names:
      let
        # `state` holds the names already met and the texts so far.
        visit =
          state: item:
          if isAttrs item then
            let
              after = foldl' visit state item.deps;
            in
            after // { texts = after.texts ++ [ item.text ]; }
          else if state.met ? ${item} then
            state
          else
            visit (state // { met = state.met // { ${item} = null; }; }) entries.${item};
      in
      (foldl' visit {
        met = { };
        texts = [ ];
      } names).texts;

    /**
      The text made of the entries that `textClosureList` gives, each mapped by a function.

      # Type
      `textClosureMap :: (String -> String) -> AttrSet -> [String] -> String`

      # Example
      lib.textClosureMap lib.id { a = lib.noDepEntry "A"; } [ "a" ]
      => "A"
    */
    textClosureMap =
      function: entries: names:
      lib.strings.concatMapStringsSep "\n" function (stringsWithDeps.textClosureList entries names);

    /**
      An entry without dependencies.

      # Example
      lib.noDepEntry "text"
      => { text = "text"; deps = [ ]; }
    */
    noDepEntry = text: stringsWithDeps.fullDepEntry text [ ];

    /**
      An entry of a text and its dependencies.

      # Example
      lib.fullDepEntry "text" [ "before" ]
      => { text = "text"; deps = [ "before" ]; }
    */
    fullDepEntry = text: deps: { inherit deps text; };

    /**
      An entry that only groups others.

      # Example
      lib.packEntry [ "a" "b" ]
      => { text = ""; deps = [ "a" "b" ]; }
    */
    packEntry = stringsWithDeps.fullDepEntry "";

    /**
      `fullDepEntry` with the dependencies first.

      # Example
      lib.stringAfter [ "before" ] "text"
      => { text = "text"; deps = [ "before" ]; }
    */
    stringAfter = deps: text: { inherit deps text; };
  };
in
stringsWithDeps
