# `derivation`: the set that stands for a derivation, made of what `derivationStrict` returns. One
# such set per output, each of which has all the others as attributes.
arguments@{ outputs ? [ "out" ], ... }:

let

  strict = derivationStrict arguments;

  shared = arguments // builtins.listToAttrs perOutput // {
    all = map (output: output.value) perOutput;
    drvAttrs = arguments;
  };

  perOutput = map
    (outputName: {
      name = outputName;
      value = shared // {
        outPath = strict.${outputName};
        drvPath = strict.drvPath;
        type = "derivation";
        inherit outputName;
      };
    })
    outputs;

in
(builtins.head perOutput).value
