# What is said about the test.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    meta = mkOption {
      description = "Attributes for people and build farms.";
      default = { };
      apply = lib.filterAttrs (_: value: value != null);
      type = types.submodule {
        freeformType = types.lazyAttrsOf types.raw;
        options = {
          maintainers = mkOption {
            type = types.listOf types.raw;
            default = [ ];
            description = "Who takes care of the test.";
          };
          timeout = mkOption {
            type = types.nullOr types.int;
            default = 3600;
            description = "Seconds after which a build farm gives up.";
          };
          broken = mkOption {
            type = types.bool;
            default = false;
            description = "Whether the test is known not to work.";
          };
          description = mkOption {
            type = types.nullOr types.str;
            default = null;
            description = "One line about the test.";
          };
        };
      };
    };
    passthru = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      description = "Attributes added to the result.";
    };
  };
}
