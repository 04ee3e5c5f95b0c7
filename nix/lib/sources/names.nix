# Names for what is fetched (part of `lib.sources`).
{ lib }:
let
  inherit (builtins)
    elemAt
    head
    match
    substring
    ;
  inherit (lib.lists) last;
  inherit (lib.strings) removeSuffix splitString;

  withoutExtension =
    name:
    let
      found = match "(.*)\\.(git|tar|zip|gz|tgz|bz|tbz|bz2|tbz2|lzma|txz|xz|zstd)" name;
    in
    if found == null then name else withoutExtension (head found);

  full =
    repository: revision: suffix:
    names.urlToName repository
    + (if revision == null then "" else "-${names.shortRev revision}")
    + (if suffix == null then "" else "-${suffix}")
    + "-source";

  names = {
    /**
      The name in a URL: its last part without endings of archives.

      # Type
      `urlToName :: String | Path -> String`

      # Example
      lib.sources.urlToName "https://example.org/foo.tar.gz"
      => "foo"
    */
    urlToName =
      url: withoutExtension (baseNameOf (removeSuffix "/" (last (splitString ":" (toString url)))));

    /**
      A revision made short: seven digits of a commit, the number of a version.

      # Type
      `shortRev :: String | Int -> String`

      # Example
      lib.sources.shortRev "refs/tags/v12.0"
      => "12.0"
    */
    shortRev =
      revision:
      let
        name = baseNameOf (toString revision);
        version = match "([A-Za-z]+[-_. ]?)*(v)?([0-9.]+.*)" name;
      in
      if match "[a-f0-9]+" name != null then
        substring 0 7 name
      else if version != null then
        elemAt version 2
      else
        name;

    /**
      The tag if there is one, else the revision, else `HEAD`.

      # Type
      `revOrTag :: Nullable String -> Nullable String -> String`

      # Example
      lib.revOrTag null "v1"
      => "v1"
    */
    revOrTag =
      revision: tag:
      if tag != null then
        tag
      else if revision != null then
        revision
      else
        "HEAD";

    /**
      A name for a fetched repository: of the kind `"source"` (always that), `"versioned"` (with
      revision) or `"full"` (with revision and suffix).

      # Type
      `repoRevToName :: String -> String -> Nullable String -> Nullable String -> String`

      # Example
      lib.repoRevToName "full" "https://example.org/foo.git" "v1.2" "github"
      => "foo-1.2-github-source"
    */
    repoRevToName =
      kind:
      {
        source = _: _: _: "source";
        versioned = repository: revision: _: full repository revision null;
        inherit full;
      }
      .${kind} or (throw "repoRevToName: invalid kind");
  };
in
names
