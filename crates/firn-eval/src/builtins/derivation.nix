# `derivation`: the set that stands for a derivation, made of what `derivationStrict` returns. One
# such set per output, each of which has all the others as attributes. The large set comes last in each
# chain: what is put on it is small.
arguments@{ outputs ? [ "out" ], ... }:

let

  strict = derivationStrict arguments;

  shared = builtins.listToAttrs perOutput // {
    all = map (output: output.value) perOutput;
    drvAttrs = arguments;
  };

  perOutput = map
    (outputName: {
      name = outputName;
      value = arguments // shared // {
        outPath = strict.${outputName};
        drvPath = strict.drvPath;
        type = "derivation";
        inherit outputName;
      };
    })
    outputs;

in
(builtins.head perOutput).value
