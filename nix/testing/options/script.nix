# The Python script, a text or a function of the nodes.
{
  config,
  lib,
  nodes,
  containers,
  ...
}:
let
  inherit (lib) mkOption types;
  script = config.testScript;
  arguments = {
    inherit nodes containers;
  };
  wanted = builtins.functionArgs script;
  # A function that names its arguments gets just those, so that `{ nodes }:` works without `...`.
  given = if wanted == { } then arguments else builtins.intersectAttrs wanted arguments;
in
{
  options = {
    testScript = mkOption {
      type = lib.mkOptionType {
        name = "testScript";
        description = "string or function to string";
        check = value: builtins.isString value || builtins.isFunction value;
        merge = lib.mergeOneOption;
      };
      description = "The Python script, or a function of `{ nodes }` that gives it.";
    };
    testScriptString = mkOption {
      type = types.str;
      internal = true;
      readOnly = true;
      description = "The script as text.";
    };
    skipTypeCheck = mkOption {
      type = types.bool;
      default = false;
      description = "Whether the types of the script's values are not checked before the test.";
    };
    skipLint = mkOption {
      type = types.bool;
      default = false;
      description = "Whether names that are not defined, not used, and the like, are not looked for before the test.";
    };
  };
  config.testScriptString = if builtins.isFunction script then script given else script;
}
