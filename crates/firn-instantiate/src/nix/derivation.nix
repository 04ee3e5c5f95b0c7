# The function `derivation`: the attributes of a derivation as they are, with its outputs beside them.
# The derivation itself is made when somebody asks for one of its paths.
drvAttrs@{
  outputs ? [ "out" ],
  ...
}:
let
  paths = derivationStrict drvAttrs;

  output = outputName: {
    name = outputName;
    value = shared // {
      outPath = paths.${outputName};
      inherit (paths) drvPath;
      type = "derivation";
      inherit outputName;
    };
  };

  named = map output outputs;

  shared =
    drvAttrs
    // builtins.listToAttrs named
    // {
      all = map (one: one.value) named;
      inherit drvAttrs;
    };
in
(builtins.head named).value
