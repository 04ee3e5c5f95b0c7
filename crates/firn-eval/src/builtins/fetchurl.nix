# `<nix/fetchurl.nix>`: a file by URL and hash, as a derivation that the builder `builtin:fetchurl`
# builds. Its attributes decide the derivation's path, so they are those that CppNix's function has.
let
  # The first hash that is given; an SRI hash names its algorithm itself.
  choose =
    { hash, sha512, sha1, md5, sha256 }:
    builtins.head (
      builtins.filter (candidate: candidate.value != "") [
        { algorithm = ""; value = hash; }
        { algorithm = "sha512"; value = sha512; }
        { algorithm = "sha1"; value = sha1; }
        { algorithm = "md5"; value = md5; }
      ]
      ++ [ { algorithm = "sha256"; value = sha256; } ]
    );
in
{
  url,
  name ? baseNameOf (toString url),
  system ? "",
  hash ? "",
  md5 ? "",
  sha1 ? "",
  sha256 ? "",
  sha512 ? "",
  outputHash ? (choose { inherit hash md5 sha1 sha256 sha512; }).value,
  outputHashAlgo ? (choose { inherit hash md5 sha1 sha256 sha512; }).algorithm,
  executable ? false,
  unpack ? false,
  impure ? false,
}:
let
  address = if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; };
in
derivation (
  {
    inherit name url executable unpack;
    urls = [ url ];
    system = "builtin";
    builder = "builtin:fetchurl";
    outputHashMode = if executable || unpack then "recursive" else "flat";
    preferLocalBuild = true;
    # Without effect, but part of the derivation.
    impureEnvVars = map (kind: kind + "_proxy") [ "http" "https" "ftp" "all" "no" ];
  }
  // address
)
