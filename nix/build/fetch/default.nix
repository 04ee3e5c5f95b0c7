# Sources by url and hash. A plain file is fetched by a builder that is part of the program; what
# has to be unpacked or changed is fetched with curl and checked as a tree.
{
  pkgs,
  lib,
  system,
}:
let
  # One of the many spellings of a hash, as the attributes of a fixed output.
  outputHashOf =
    args:
    let
      given = lib.filter (name: (args.${name} or "") != "" && args.${name} or null != null) [
        "hash"
        "sha512"
        "sha256"
        "sha1"
        "md5"
      ];
    in
    if args ? outputHash then
      {
        inherit (args) outputHash;
        outputHashAlgo = args.outputHashAlgo or null;
      }
    else if builtins.length given > 1 then
      throw "fetchurl: more than one hash is given: ${toString given}"
    else if given == [ "hash" ] then
      {
        outputHash = args.hash;
        outputHashAlgo = null;
      }
    else if given != [ ] then
      {
        outputHash = args.${builtins.head given};
        outputHashAlgo = builtins.head given;
      }
    else if args ? hash || args ? sha256 then
      # An empty hash asks for the right one, which the failing build tells.
      {
        outputHash = lib.fakeHash or "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        outputHashAlgo = null;
      }
    else
      throw "fetchurl: a hash is needed for ${toString (args.urls or [ args.url or "?" ])}";

  nameOf =
    args: urls:
    if args.name or "" != "" then
      args.name
    else if args ? pname && args ? version then
      "${args.pname}-${args.version}"
    else
      builtins.replaceStrings [ "~" "%20" "?" "=" "&" ] [ "-" "-" "-" "-" "-" ] (
        baseNameOf (toString (builtins.head urls))
      );

  urlsOf =
    args:
    let
      urls = lib.optional (args.url or "" != "") args.url ++ args.urls or [ ];
    in
    if urls == [ ] then throw "fetchurl: 'url' or 'urls' is needed" else map toString urls;

  # What `overrideAttrs` changes about a file: its own arguments, or attributes of the derivation.
  argumentsOf = lib.genAttrs [
    "name"
    "url"
    "urls"
    "hash"
    "sha1"
    "sha256"
    "sha512"
    "md5"
    "outputHash"
    "outputHashAlgo"
    "postFetch"
    "downloadToTemp"
    "executable"
    "recursiveHash"
    "nativeBuildInputs"
    "meta"
    "passthru"
  ] (_: null);
  hashes = [ "hash" "sha1" "sha256" "sha512" "md5" "outputHash" "outputHashAlgo" ];
  changed =
    args: extra: package: f:
    let
      old = args // extra // { inherit (package) name urls; };
      first = if lib.isFunction f then f old else f;
      changes = if lib.isFunction first then f package old else first;
      arguments = builtins.intersectAttrs argumentsOf changes;
      kept =
        if lib.any (name: changes ? ${name}) hashes then
          removeAttrs args hashes
        else if changes ? url || changes ? urls then
          removeAttrs args [ "url" "urls" ]
        else
          args;
    in
    fetched (kept // arguments) (extra // removeAttrs changes (builtins.attrNames argumentsOf));

  fetchurl = lib.makeOverridable (args: fetched args { });
  fetched =
    args: extra:
    let
      urls = urlsOf args;
      hash = outputHashOf args;
      name = nameOf args urls;
      plain = !(args ? postFetch) || args.postFetch == "";
      package = made // {
        overrideAttrs = changed args extra package;
      };
      made = (
      if plain then
        derivation (
          {
            inherit name urls;
            url = builtins.head urls;
            system = "builtin";
            builder = "builtin:fetchurl";
            outputHashMode =
              if args.recursiveHash or false || args.executable or false then "recursive" else "flat";
            inherit (hash) outputHash;
            executable = args.executable or false;
            unpack = false;
            preferLocalBuild = true;
            impureEnvVars = lib.fetchers.proxyImpureEnvVars or [
              "http_proxy"
              "https_proxy"
              "ftp_proxy"
              "all_proxy"
              "no_proxy"
            ];
          }
          // lib.optionalAttrs (hash.outputHashAlgo != null) { inherit (hash) outputHashAlgo; }
          // extra
        )
      else
        fetchScripted {
          inherit name urls hash;
          recursive = args.recursiveHash or false || args.executable or false;
          downloadedFile = args.downloadToTemp or false;
          script = args.postFetch;
          executable = args.executable or false;
          nativeBuildInputs = args.nativeBuildInputs or [ ];
        }
    )
    // {
      inherit urls;
      url = builtins.head urls;
      meta = args.meta or { };
      passthru = args.passthru or { };
      outputHashMode = if args.recursiveHash or false then "recursive" else "flat";
    }
    // args.passthru or { };
    in
    package;

  # Fetches with curl, then runs a script which makes $out of $downloadedFile.
  fetchScripted =
    {
      name,
      urls,
      hash,
      script,
      recursive ? true,
      downloadedFile ? true,
      executable ? false,
      nativeBuildInputs ? [ ],
    }:
    pkgs.stdenvNoCC.mkDerivation (
      {
        inherit name urls script;
        passAsFile = [ "script" ];
        nativeBuildInputs = [
          pkgs.curl
          pkgs.unzip
        ]
        ++ nativeBuildInputs;
        outputHashMode = if recursive then "recursive" else "flat";
        inherit (hash) outputHash;
        preferLocalBuild = true;
        impureEnvVars = [
          "http_proxy"
          "https_proxy"
          "ftp_proxy"
          "all_proxy"
          "no_proxy"
        ];
        CURL_CA_BUNDLE = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
        buildCommand = ''
          downloadedFile=${if downloadedFile then "$TMPDIR/download" else "$out"}
          fetched=
          for url in $urls; do
            if curl --location --fail --silent --show-error --max-redirs 20 --retry 3 \
                --connect-timeout 30 --output "$downloadedFile" "$url"; then
              fetched=1
              break
            fi
          done
          if [ -z "$fetched" ]; then
            echo "error: cannot fetch $name from any of: $urls" >&2
            exit 1
          fi
          . "$scriptPath"
          ${lib.optionalString executable ''chmod +x "$out"''}
        '';
      }
      // lib.optionalAttrs (hash.outputHashAlgo != null) { inherit (hash) outputHashAlgo; }
    );

  # An archive's content as a tree.
  fetchzip = lib.makeOverridable (
    args@{
      name ? "source",
      stripRoot ? true,
      extension ? null,
      postFetch ? "",
      extraPostFetch ? "",
      passthru ? { },
      meta ? { },
      nativeBuildInputs ? [ ],
      ...
    }:
    let
      urls = urlsOf args;
    in
    fetchScripted {
      inherit name urls nativeBuildInputs;
      hash = outputHashOf args;
      script = ''
        archive=$TMPDIR/${if extension != null then "archive.${extension}" else baseNameOf (builtins.head urls)}
        mv "$downloadedFile" "$archive"
        mkdir "$TMPDIR/unpack"
        cd "$TMPDIR/unpack"
        unpackFile "$archive"
        chmod -R +w .
        ${
          if stripRoot then
            ''
              shopt -s dotglob
              entries=(*)
              if [ "''${#entries[@]}" != 1 ]; then
                echo "error: the archive holds more than one folder; stripRoot = false keeps them all" >&2
                exit 1
              fi
              mv "''${entries[0]}" "$out"
            ''
          else
            ''mv "$TMPDIR/unpack" "$out"''
        }
        chmod -R u+w "$out"
        ${postFetch}
        ${extraPostFetch}
        chmod 755 "$out"
      '';
    }
    // {
      inherit urls meta;
      url = builtins.head urls;
    }
    // passthru
  );

  # An archive that a forge makes of a revision.
  fromForge =
    urlOf:
    lib.makeOverridable (
      args@{
        owner ? null,
        repo ? null,
        rev ? null,
        tag ? null,
        name ? "source",
        passthru ? { },
        meta ? { },
        ...
      }:
      let
        revision = if tag != null then "refs/tags/${tag}" else rev;
      in
      fetchzip (
        removeAttrs args [
          "owner"
          "repo"
          "rev"
          "tag"
          "domain"
          "githubBase"
          "fetchSubmodules"
          "leaveDotGit"
          "deepClone"
          "forceFetchGit"
          "sparseCheckout"
          "private"
          "protocol"
          "group"
        ]
        // {
          inherit name meta;
          url = urlOf args revision;
          extension = "tar.gz";
          passthru = passthru // {
            inherit owner repo tag;
            rev = revision;
            gitRepoUrl = "https://${args.domain or args.githubBase or "github.com"}/${toString owner}/${toString repo}.git";
          };
        }
      )
    );
in
{
  inherit fetchurl fetchzip;
  fetchurlBoot = fetchurl;
  fetchFromGitHub = fromForge (
    args: rev: "https://${args.githubBase or "github.com"}/${args.owner}/${args.repo}/archive/${rev}.tar.gz"
  );
  fetchFromGitLab = fromForge (
    args: rev:
    "https://${args.domain or "gitlab.com"}/api/v4/projects/${args.owner}%2F${args.repo}/repository/archive.tar.gz?sha=${rev}"
  );
  fetchFromSourcehut = fromForge (
    args: rev: "https://git.${args.domain or "sr.ht"}/${args.owner}/${args.repo}/archive/${rev}.tar.gz"
  );
  fetchFromGitea = fromForge (
    args: rev: "https://${args.domain}/${args.owner}/${args.repo}/archive/${rev}.tar.gz"
  );
  fetchFromForgejo = fromForge (
    args: rev: "https://${args.domain}/${args.owner}/${args.repo}/archive/${rev}.tar.gz"
  );

  # A revision of a git repository as a tree, without its history.
  fetchgit = lib.makeOverridable (
    args@{
      url,
      rev ? "HEAD",
      name ? lib.removeSuffix ".git" (baseNameOf url),
      fetchSubmodules ? true,
      ...
    }:
    let
      hash = outputHashOf args;
    in
    pkgs.stdenvNoCC.mkDerivation (
      {
        inherit name url rev;
        nativeBuildInputs = [ pkgs.git ];
        GIT_SSL_CAINFO = "${pkgs.cacert}/etc/ssl/certs/ca-bundle.crt";
        outputHashMode = "recursive";
        inherit (hash) outputHash;
        buildCommand = ''
          export HOME=$TMPDIR
          git init -q $out
          cd $out
          git fetch -q --depth 1 "$url" "$rev"
          git checkout -q FETCH_HEAD
          ${lib.optionalString fetchSubmodules "git submodule --quiet update --init --recursive --depth 1"}
          find . -name .git -prune -exec rm -rf {} +
        '';
      }
      // lib.optionalAttrs (hash.outputHashAlgo != null) { inherit (hash) outputHashAlgo; }
    )
  );

  fetchpatch =
    args:
    fetchurl (
      {
        name = args.name or (baseNameOf args.url);
      }
      // removeAttrs args [
        "stripLen"
        "excludes"
        "includes"
        "revert"
        "relative"
      ]
    );
  fetchpatch2 = pkgs.fetchpatch;
}
