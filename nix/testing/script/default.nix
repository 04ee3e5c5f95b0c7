# The check of a test script: a derivation that fails with the script's own lines. Its inputs are the script's
# text and the names in it, so that it runs again only when these change.
{
  hostPkgs,
  lib,
}:
let
  inherit (hostPkgs) debian;
  inherit (hostPkgs.stdenv.hostPlatform) system;

  isModule = package: lib.hasPrefix "python3-" package.groupName;
  modules = lib.filter isModule (debian.python3-mypy.debianClosure ++ debian.python3-pyflakes.debianClosure);
  pythonPath = lib.concatMapStringsSep ":" (module: "${module}/lib/python3/dist-packages") (lib.unique modules);
  stubs = "${./stubs}";
  program = "${./check.py}";

  # What mypy knows of the standard library and of the names that the driver offers.
  types = derivation {
    name = "test-script-types";
    inherit system stubs;
    builder = "${hostPkgs.python3}/bin/python3";
    args = [ "-B" program (placeholder "out") ];
    # Python finds its library by the folder where it finds itself.
    PATH = "${hostPkgs.python3}/bin";
    PYTHONPATH = pythonPath;
    modules = [
      "base64" "collections" "contextlib" "csv" "datetime" "functools" "hashlib" "io" "ipaddress" "itertools"
      "json" "math" "os" "pathlib" "random" "re" "shlex" "shutil" "socket" "string" "subprocess" "sys" "tempfile"
      "textwrap" "threading" "time" "typing" "unittest" "urllib.parse" "urllib.request" "uuid" "xml.etree.ElementTree"
    ];
    preferLocalBuild = true;
  };
in
{
  name,
  python,
  script,
  machines,
  vlans,
  skipTypes,
  skipLint,
}:
derivation {
  name = "test-script-check-${name}";
  inherit
    system
    stubs
    machines
    vlans
    skipTypes
    skipLint
    ;
  builder = "${python}/bin/python3";
  args = [ "-B" program ];
  PATH = "${python}/bin";
  PYTHONPATH = pythonPath;
  cache = if skipTypes then null else types;
  # What the script speaks of need not be built for this.
  script = builtins.toFile "test-script" (builtins.unsafeDiscardStringContext script);
  preferLocalBuild = true;
  allowSubstitutes = false;
}
