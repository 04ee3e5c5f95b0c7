# What fetchers share: how their hash is given, and which variables of the environment they see.
{ lib }:
let
  inherit (builtins)
    attrNames
    head
    intersectAttrs
    length
    removeAttrs
    ;
  inherit (lib.attrsets) genAttrs;
  inherit (lib.misc) fakeHash fakeSha256 fakeSha512;
  inherit (lib.trivial) functionArgs setFunctionArgs throwIf;

  fake = {
    hash = fakeHash;
    sha256 = fakeSha256;
    sha512 = fakeSha512;
  };

  # A set whose names are those of the arguments a hash can be given by.
  hashArguments = types: genAttrs ([ "hash" ] ++ types) (_: null);

  # Lower and upper case, as programs read either.
  proxies = [
    "http_proxy"
    "https_proxy"
    "ftp_proxy"
    "all_proxy"
    "no_proxy"
  ];

  fetchers = {
    /** Variables of the environment that fetchers see: how to reach the network. */
    proxyImpureEnvVars = proxies ++ map lib.strings.toUpper proxies ++ [ "NIX_SSL_CERT_FILE" ];

    /**
      Arguments of a fetcher with `outputHash` and `outputHashAlgo` in place of `hash`, `sha256` or
      whatever else `hashTypes` names. An empty hash becomes one that is never right.

      # Type
      `normalizeHash :: { hashTypes :: [String] ? [ "sha256" ]; required :: Bool ? true; } -> AttrSet -> AttrSet`

      # Example
      lib.fetchers.normalizeHash { } { hash = "sha256-x"; url = "u"; }
      => { outputHash = "sha256-x"; outputHashAlgo = null; url = "u"; }
    */
    normalizeHash =
      {
        hashTypes ? [ "sha256" ],
        required ? true,
      }:
      let
        arguments = hashArguments hashTypes;
      in
      args:
      let
        given = attrNames (intersectAttrs arguments args);
        name = head given;
        hash = args.${name};
        normalized = {
          outputHashAlgo = if name == "hash" then null else name;
          outputHash = if hash != "" then hash else fake.${name} or (throw "no “fake hash” defined for ${name}");
        };
      in
      if args ? outputHash then
        args
      else
        removeAttrs args (attrNames arguments)
        // (
          if given == [ ] then
            throwIf required "fetcher called without `hash`" { }
          else if length given > 1 then
            throw "fetcher called with mutually-incompatible arguments: ${builtins.concatStringsSep ", " given}"
          else
            normalized
        );

    /**
      A fetcher that takes its hash in any of the usual ways, from one that takes `outputHash` and
      `outputHashAlgo`.

      # Type
      `withNormalizedHash :: { hashTypes :: [String] ? [ "sha256" ]; } -> (AttrSet -> a) -> AttrSet -> a`

      # Example
      lib.fetchers.withNormalizedHash { } ({ outputHash, outputHashAlgo }: outputHash) { hash = "h"; }
      => "h"
    */
    withNormalizedHash =
      {
        hashTypes ? [ "sha256" ],
      }:
      fetcher:
      let
        formals = functionArgs fetcher;
        normalize = fetchers.normalizeHash {
          inherit hashTypes;
          required = !formals.outputHash;
        };
        visible = removeAttrs formals [
          "outputHash"
          "outputHashAlgo"
        ];
      in
      assert formals ? outputHash && formals ? outputHashAlgo;
      assert intersectAttrs formals (hashArguments hashTypes) == { };
      setFunctionArgs (args: fetcher (normalize args)) (visible // { hash = formals.outputHash; });
  };
in
fetchers
