# Helpers for modules, passed to them as the argument `utils`.
{ lib, pkgs }:
let
  inherit (lib)
    concatMapStrings
    concatMapStringsSep
    escapeShellArg
    hasPrefix
    removePrefix
    replaceStrings
    stringToCharacters
    ;
  hexDigits = stringToCharacters "0123456789abcdef";
  plain = lib.genAttrs (stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.") (
    _: true
  );
  hexByte = byte: lib.elemAt hexDigits (byte / 16) + lib.elemAt hexDigits (lib.mod byte 16);
  asciiTable = lib.listToAttrs (
    lib.imap0 (offset: char: lib.nameValuePair char (32 + offset)) (
      stringToCharacters " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
    )
  );
  escapeChar =
    first: char:
    if char == "/" then
      "-"
    else if plain ? ${char} && !(first && char == ".") then
      char
    else
      "\\x" + hexByte (asciiTable.${char} or (throw "cannot escape `${char}` in a unit name"));

  # The unit name of a path, as `systemd-escape --path` gives it.
  escapeSystemdPath =
    path:
    let
      trimmed = lib.concatStringsSep "/" (lib.filter (s: s != "" && s != ".") (lib.splitString "/" path));
      chars = stringToCharacters trimmed;
    in
    if trimmed == "" then
      "-"
    else
      escapeChar true (lib.head chars) + concatMapStrings (escapeChar false) (lib.tail chars);

  # One argument of an Exec line: specifiers, variables and quotes lose their meaning.
  escapeSystemdExecArg =
    arg:
    let
      text =
        if builtins.isPath arg then
          "${arg}"
        else if builtins.isString arg then
          arg
        else if builtins.isInt arg || builtins.isFloat arg || lib.isDerivation arg then
          toString arg
        else
          throw "escapeSystemdExecArg: only strings, paths, numbers and derivations are arguments";
    in
    replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON text);

  # Is a file system needed before the second stage of the boot?
  pathsNeededForBoot = [
    "/"
    "/nix"
    "/nix/store"
    "/var"
    "/var/log"
    "/var/lib"
    "/var/lib/nixos"
    "/etc"
    "/usr"
  ];
in
{
  inherit escapeSystemdPath escapeSystemdExecArg pathsNeededForBoot;
  escapeSystemdExecArgs = concatMapStringsSep " " escapeSystemdExecArg;
  fsNeededForBoot = fs: fs.neededForBoot || lib.elem fs.mountPoint pathsNeededForBoot;

  # Does the mount of `a` have to come before that of `b`?
  fsBefore =
    a: b:
    let
      normal = path: lib.removeSuffix "/" path + "/";
      under = inner: outer: inner != outer && hasPrefix (normal outer) (normal inner);
    in
    under b.mountPoint a.mountPoint
    || under b.device a.mountPoint
    || lib.any (path: under path a.mountPoint) (b.depends or [ ]);

  toShellPath =
    shell:
    if lib.types.shellPackage.check shell then
      "/run/current-system/sw${shell.shellPath}"
    else if lib.isDerivation shell then
      throw "the package ${shell.name} is no shell: it has no attribute `shellPath`"
    else
      shell;

  removePackagesByName =
    packages: unwanted:
    let
      names = map lib.getName unwanted;
    in
    lib.filter (package: !lib.elem (lib.getName package) names) packages;

  systemdUtils =
    let
      unitLib = import ./core/systemd/units.nix { inherit lib pkgs; };
      unitTypes = import ./core/systemd/unit-options.nix { inherit lib unitLib; };
    in
    unitLib
    // {
      inherit escapeSystemdPath;
      lib = unitLib // lib.mapAttrs' (kind: lib.nameValuePair "${kind}ToUnit") unitLib.unitOf;
      types = unitTypes // {
        services = unitTypes.services [
          pkgs.coreutils
          pkgs.findutils
          pkgs.gnugrep
          pkgs.gnused
          pkgs.systemd
        ];
      };
    };

  escapeUnitArgument = escapeShellArg;
  stripLeadingSlash = removePrefix "/";
}
