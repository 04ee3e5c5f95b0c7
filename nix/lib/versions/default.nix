# Version numbers as strings.
{ lib }:
let
  inherit (builtins) elemAt splitVersion;

  versions = {
    inherit (builtins) compareVersions splitVersion;

    /**
      The first component of a version.

      # Type
      `major :: String -> String`

      # Example
      lib.versions.major "1.2.3"
      => "1"
    */
    major = version: elemAt (splitVersion version) 0;

    /**
      The second component of a version.

      # Type
      `minor :: String -> String`

      # Example
      lib.versions.minor "1.2.3"
      => "2"
    */
    minor = version: elemAt (splitVersion version) 1;

    /**
      The third component of a version.

      # Type
      `patch :: String -> String`

      # Example
      lib.versions.patch "1.2.3"
      => "3"
    */
    patch = version: elemAt (splitVersion version) 2;

    /**
      The first two components of a version.

      # Type
      `majorMinor :: String -> String`

      # Example
      lib.versions.majorMinor "1.2.3"
      => "1.2"
    */
    majorMinor =
      version: builtins.concatStringsSep "." (lib.lists.take 2 (splitVersion version));

    /**
      A version with exactly so many components: cut, or filled with zeros. What follows the first
      `-` is kept.

      # Type
      `pad :: Int -> String -> String`

      # Example
      lib.versions.pad 3 "1.2-rc1"
      => "1.2.0-rc1"
    */
    pad =
      count: version:
      let
        parsed = builtins.match "([^-]*)(-.*)?" version;
        numbers = splitVersion (elemAt parsed 0);
        suffix = elemAt parsed 1;
        missing = count - builtins.length numbers;
        padded = numbers ++ lib.lists.replicate (lib.trivial.max 0 missing) "0";
      in
      builtins.concatStringsSep "." (lib.lists.take count padded)
      + lib.strings.optionalString (suffix != null) suffix;
  };
in
versions
