# What compilers call processor models: which instructions each has, and which can run code made for
# which (`lib.systems.architectures`). The facts are the manuals' of gcc and of the makers.
{ lib }:
let
  inherit (builtins) elem mapAttrs;

  sse = [
    "sse3"
    "ssse3"
    "sse4_1"
    "sse4_2"
  ];
  avx = sse ++ [ "avx" ];
  avx2 = avx ++ [
    "avx2"
    "fma"
  ];
  avx512 = avx ++ [
    "avx2"
    "avx512"
    "fma"
  ];
  # With instructions for AES, which come before `avx` in the lists.
  withAes = before: after: sse ++ before ++ [ "aes" ] ++ after;
  intel = withAes [ ] [
    "avx"
    "avx2"
    "fma"
  ];
  intel512 = withAes [ ] [
    "avx"
    "avx2"
    "avx512"
    "fma"
  ];
  bulldozer = withAes [ "sse4a" ] [
    "avx"
    "fma"
    "fma4"
  ];
  zen = withAes [ "sse4a" ] [
    "avx"
    "avx2"
    "fma"
  ];
  zen512 = withAes [ "sse4a" ] [
    "avx"
    "avx2"
    "avx512"
    "fma"
  ];
  loongson11 = [
    "div32"
    "frecipe"
    "lam-bh"
    "lamcas"
    "ld-seq-sa"
  ];

  # The models a model is known to run all code of, nearest first; what these run follows.
  runs = {
    x86-64-v2 = [ "x86-64" ];
    x86-64-v3 = [ "x86-64-v2" ];
    x86-64-v4 = [ "x86-64-v3" ];

    nehalem = [ "x86-64-v2" ];
    westmere = [ "nehalem" ];
    sandybridge = [ "westmere" ];
    ivybridge = [ "sandybridge" ];
    haswell = [
      "ivybridge"
      "x86-64-v3"
    ];
    broadwell = [ "haswell" ];
    skylake = [ "broadwell" ];
    skylake-avx512 = [
      "skylake"
      "x86-64-v4"
    ];
    cannonlake = [ "skylake-avx512" ];
    icelake-client = [ "cannonlake" ];
    icelake-server = [ "icelake-client" ];
    cascadelake = [ "cannonlake" ];
    cooperlake = [ "cascadelake" ];
    tigerlake = [ "icelake-server" ];
    sapphirerapids = [ "tigerlake" ];
    emeraldrapids = [ "sapphirerapids" ];
    rocketlake = [ "x86-64-v4" ];
    alderlake = [ "skylake" ];
    sierraforest = [ "alderlake" ];

    btver1 = [ "x86-64" ];
    btver2 = [ "x86-64-v2" ];
    bdver1 = [ "x86-64-v2" ];
    bdver2 = [ "x86-64-v2" ];
    bdver3 = [ "x86-64-v2" ];
    bdver4 = [ "x86-64-v3" ];
    # Zen has what Skylake has, but for AVX-512, which came with the fourth.
    znver1 = [ "skylake" ];
    znver2 = [ "znver1" ];
    znver3 = [ "znver2" ];
    znver4 = [
      "znver3"
      "x86-64-v4"
    ];
    znver5 = [ "znver4" ];

    "armv8.1-a" = [ "armv8-a" ];
    "armv8.2-a" = [ "armv8.1-a" ];
    "armv8.3-a" = [ "armv8.2-a" ];
    "armv8.4-a" = [ "armv8.3-a" ];
    "armv8.5-a" = [ "armv8.4-a" ];
    "armv8.6-a" = [ "armv8.5-a" ];
    "armv8.7-a" = [ "armv8.6-a" ];
    "armv8.8-a" = [ "armv8.7-a" ];
    "armv8.9-a" = [ "armv8.8-a" ];
    armv9-a = [ "armv8.5-a" ];
    "armv9.1-a" = [
      "armv9-a"
      "armv8.6-a"
    ];
    "armv9.2-a" = [
      "armv9.1-a"
      "armv8.7-a"
    ];
    "armv9.3-a" = [
      "armv9.2-a"
      "armv8.8-a"
    ];
    "armv9.4-a" = [ "armv9.3-a" ];
    cortex-a53 = [ "armv8-a" ];
    cortex-a72 = [ "armv8-a" ];
    cortex-a55 = [
      "armv8.2-a"
      "cortex-a53"
      "cortex-a72"
    ];
    cortex-a76 = [
      "armv8.2-a"
      "cortex-a53"
      "cortex-a72"
    ];
    ampere1 = [
      "armv8.6-a"
      "cortex-a55"
      "cortex-a76"
    ];
    ampere1a = [ "ampere1" ];
    ampere1b = [ "ampere1a" ];

    "la64v1.0" = [ "loongarch64" ];
    "la64v1.1" = [ "la64v1.0" ];
    la464 = [ "la64v1.0" ];
    la664 = [
      "la464"
      "la64v1.1"
    ];
  }
  // lib.attrsets.genAttrs [
    "default"
    "x86-64"
    "armv5te"
    "armv6"
    "armv7-a"
    "armv8-a"
    "loongarch64"
    "loongson2f"
    "mips32"
  ] (_: [ ]);

  architectures = {
    /** For every model the instruction set extensions that matter, as `/proc/cpuinfo` names them. */
    features = {
      default = [ ];
      x86-64 = [ ];
      x86-64-v2 = sse;
      x86-64-v3 = avx2;
      x86-64-v4 = avx512;
      nehalem = sse;
      westmere = sse;
      silvermont = sse;
      sandybridge = avx;
      ivybridge = avx;
      haswell = avx2;
      broadwell = avx2;
      skylake = intel;
      skylake-avx512 = intel512;
      cannonlake = intel512;
      icelake-client = intel512;
      icelake-server = intel512;
      rocketlake = intel512;
      cascadelake = intel512;
      cooperlake = intel512;
      tigerlake = intel512;
      sapphirerapids = intel512;
      emeraldrapids = intel512;
      alderlake = intel;
      sierraforest = intel;
      btver1 = sse;
      btver2 = withAes [ ] [ "avx" ];
      bdver1 = bulldozer;
      bdver2 = bulldozer;
      bdver3 = bulldozer;
      bdver4 = withAes [ "sse4a" ] [
        "avx"
        "avx2"
        "fma"
        "fma4"
      ];
      znver1 = zen;
      znver2 = zen;
      znver3 = zen;
      znver4 = zen512;
      znver5 = zen512;
      loongarch64 = [ "fpu64" ];
      la464 = [
        "fpu64"
        "lsx"
        "lasx"
      ];
      la664 = [
        "fpu64"
        "lsx"
        "lasx"
      ]
      ++ loongson11;
      "la64v1.0" = [
        "fpu64"
        "lsx"
      ];
      "la64v1.1" = [
        "fpu64"
        "lsx"
      ]
      ++ loongson11;
      armv5te = [ ];
      armv6 = [ ];
      armv7-a = [ ];
      armv8-a = [ ];
      mips32 = [ ];
      loongson2f = [ ];
    };

    /** For every model those it runs all code of, beside itself. */
    inferiors = mapAttrs (
      _: direct:
      lib.lists.unique (direct ++ builtins.concatMap (model: architectures.inferiors.${model}) direct)
    ) runs;

    /**
      Whether a model runs all code of another one.

      # Type
      `hasInferior :: String -> String -> Bool`

      # Example
      lib.systems.architectures.hasInferior "x86-64-v3" "x86-64"
      => true
    */
    hasInferior = superior: inferior: elem inferior (architectures.inferiors.${superior} or [ ]);

    /**
      Whether a model runs code made for a model, be it itself.

      # Type
      `canExecute :: String -> String -> Bool`

      # Example
      lib.systems.architectures.canExecute "x86-64" "x86-64-v3"
      => false
    */
    canExecute =
      machine: program: machine == program || architectures.hasInferior machine program;

    /** Whether a model has an extension: `avx2Support` and so on. */
    predicates =
      mapAttrs (_: feature: model: elem feature (architectures.features.${model} or [ ]))
        {
          sse3Support = "sse3";
          ssse3Support = "ssse3";
          sse4_1Support = "sse4_1";
          sse4_2Support = "sse4_2";
          sse4_aSupport = "sse4a";
          avxSupport = "avx";
          avx2Support = "avx2";
          avx512Support = "avx512";
          aesSupport = "aes";
          fmaSupport = "fma";
          fma4Support = "fma4";
          lsxSupport = "lsx";
          lasxSupport = "lasx";
        };
  };
in
architectures
