# How a case is evaluated: the module beside `options.nix`, its assertions checked as a system's are,
# then every value. What follows `error:` must be the text beside the case, with this folder's path
# taken out; for conflicts and recursion the context that explains it stands before.
{ lib, case }:
let
  inherit (lib.evalModules { modules = [ ./options.nix case ]; }) config;
  # Reading a removed option is an error by itself.
  readable = config // { services = removeAttrs config.services [ "old" ]; };
in
lib.asserts.checkAssertWarn config.assertions config.warnings (builtins.deepSeq readable null)
