# Flags of build tools.
{ lib }:
let
  inherit (builtins) elem isBool isString;
  inherit (lib.strings) optionalString toUpper;
  inherit (lib.trivial) boolToString;

  cmakeTypes = [
    "BOOL"
    "FILEPATH"
    "PATH"
    "STRING"
    "INTERNAL"
    "LIST"
  ];

  flags = {
    /**
      A definition of a typed variable for CMake.

      # Type
      `cmakeOptionType :: String -> String -> String -> String`

      # Example
      lib.cmakeOptionType "string" "ENGINE" "sdl2"
      => "-DENGINE:STRING=sdl2"
    */
    cmakeOptionType =
      type: name: value:
      assert elem (toUpper type) cmakeTypes;
      assert isString name && isString value;
      "-D${name}:${toUpper type}=${value}";

    /**
      A boolean for CMake.

      # Type
      `cmakeBool :: String -> Bool -> String`

      # Example
      lib.cmakeBool "ENABLE_STATIC" false
      => "-DENABLE_STATIC:BOOL=FALSE"
    */
    cmakeBool =
      name: value:
      assert isBool value;
      flags.cmakeOptionType "BOOL" name (toUpper (boolToString value));

    /**
      A string for CMake.

      # Type
      `cmakeFeature :: String -> String -> String`

      # Example
      lib.cmakeFeature "MODULES" "badblock"
      => "-DMODULES:STRING=badblock"
    */
    cmakeFeature = flags.cmakeOptionType "STRING";

    /**
      An option for Meson.

      # Type
      `mesonOption :: String -> String -> String`

      # Example
      lib.mesonOption "engine" "opengl"
      => "-Dengine=opengl"
    */
    mesonOption =
      name: value:
      assert isString name && isString value;
      "-D${name}=${value}";

    /**
      A boolean for Meson.

      # Type
      `mesonBool :: String -> Bool -> String`

      # Example
      lib.mesonBool "hardened" true
      => "-Dhardened=true"
    */
    mesonBool =
      name: value:
      assert isBool value;
      flags.mesonOption name (boolToString value);

    /**
      A feature for Meson.

      # Type
      `mesonEnable :: String -> Bool -> String`

      # Example
      lib.mesonEnable "docs" false
      => "-Ddocs=disabled"
    */
    mesonEnable =
      name: value:
      assert isBool value;
      flags.mesonOption name (if value then "enabled" else "disabled");

    /**
      `--enable-…` or `--disable-…`.

      # Type
      `enableFeature :: Bool -> String -> String`

      # Example
      lib.enableFeature true "shared"
      => "--enable-shared"
    */
    enableFeature =
      enable: name:
      assert isBool enable && isString name;
      "--${if enable then "enable" else "disable"}-${name}";

    /**
      `--enable-…=value` or `--disable-…`.

      # Type
      `enableFeatureAs :: Bool -> String -> String -> String`

      # Example
      lib.enableFeatureAs true "shared" "foo"
      => "--enable-shared=foo"
    */
    enableFeatureAs =
      enable: name: value:
      flags.enableFeature enable name + optionalString enable "=${value}";

    /**
      `--with-…` or `--without-…`.

      # Type
      `withFeature :: Bool -> String -> String`

      # Example
      lib.withFeature false "shared"
      => "--without-shared"
    */
    withFeature =
      enable: name:
      assert isString name;
      "--${if enable then "with" else "without"}-${name}";

    /**
      `--with-…=value` or `--without-…`.

      # Type
      `withFeatureAs :: Bool -> String -> String -> String`

      # Example
      lib.withFeatureAs true "shared" "foo"
      => "--with-shared=foo"
    */
    withFeatureAs =
      enable: name: value:
      flags.withFeature enable name + optionalString enable "=${value}";
  };
in
flags
