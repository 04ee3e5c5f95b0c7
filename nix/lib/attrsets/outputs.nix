# Derivations as attribute sets, and the outputs of packages (part of `lib.attrsets`).
{ lib }:
let
  inherit (builtins) filter head;

  isSpecified = package: package.outputSpecified or false;

  outputs = {
    /**
      Whether a value is a derivation.

      # Type
      `isDerivation :: a -> Bool`

      # Example
      lib.isDerivation { type = "derivation"; }
      => true
    */
    isDerivation = value: value.type or null == "derivation";

    /**
      A store path dressed as a derivation with the one output `out`.

      # Type
      `toDerivation :: Path -> Derivation`

      # Example
      (lib.toDerivation (builtins.toFile "hello" "")).name
      => "hello"
    */
    toDerivation =
      path:
      let
        outPath = builtins.storePath path;
        # The base name after the hash (32 characters) and a dash.
        label = builtins.substring 33 (-1) (baseNameOf outPath);
        self = {
          type = "derivation";
          name = lib.strings.sanitizeDerivationName label;
          inherit outPath;
          outputs = [ "out" ];
          outputName = "out";
          out = self;
        };
      in
      self;

    /**
      An output of a package; without it `out`, without that the package. A package whose output was
      chosen already is left alone.

      # Type
      `getOutput :: String -> Package -> Package`

      # Example
      lib.getOutput "dev" { dev = "d"; out = "o"; }
      => "d"
    */
    getOutput =
      name: package: if isSpecified package then package else package.${name} or package.out or package;

    /**
      The first of several outputs that a package has, else the package.

      # Type
      `getFirstOutput :: [String] -> Package -> Package`

      # Example
      lib.getFirstOutput [ "include" "dev" ] { dev = "d"; out = "o"; }
      => "d"
    */
    getFirstOutput =
      names: package:
      let
        found = filter (name: package ? ${name}) names;
      in
      if isSpecified package || found == [ ] then package else package.${head found};

    /**
      The output with the programs.

      # Type
      `getBin :: Package -> Package`

      # Example
      lib.getBin { bin = "b"; out = "o"; }
      => "b"
    */
    getBin = outputs.getOutput "bin";

    /**
      The output with the libraries.

      # Type
      `getLib :: Package -> Package`

      # Example
      lib.getLib { lib = "l"; out = "o"; }
      => "l"
    */
    getLib = outputs.getOutput "lib";

    /**
      The output with static libraries, else the one with libraries.

      # Type
      `getStatic :: Package -> Package`

      # Example
      lib.getStatic { lib = "l"; out = "o"; }
      => "l"
    */
    getStatic = outputs.getFirstOutput [
      "static"
      "lib"
      "out"
    ];

    /**
      The output with what is needed to build against a package.

      # Type
      `getDev :: Package -> Package`

      # Example
      lib.getDev { dev = "d"; out = "o"; }
      => "d"
    */
    getDev = outputs.getOutput "dev";

    /**
      The output with header files.

      # Type
      `getInclude :: Package -> Package`

      # Example
      lib.getInclude { dev = "d"; out = "o"; }
      => "d"
    */
    getInclude = outputs.getFirstOutput [
      "include"
      "dev"
      "out"
    ];

    /**
      The output with manual pages.

      # Type
      `getMan :: Package -> Package`

      # Example
      lib.getMan { man = "m"; out = "o"; }
      => "m"
    */
    getMan = outputs.getOutput "man";

    /**
      The development output of every package of a list.

      # Type
      `chooseDevOutputs :: [Package] -> [Package]`

      # Example
      lib.chooseDevOutputs [ { dev = "d"; out = "o"; } ]
      => [ "d" ]
    */
    chooseDevOutputs = map outputs.getDev;
  };
in
outputs
