# The variant of the test for work by hand.
{
  config,
  lib,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption;
in
{
  options = {
    interactive = mkOption {
      description = "Options of the test that only hold for the interactive variant.";
      default = { };
      visible = "shallow";
      type =
        (extendModules {
          modules = [
            {
              extraDriverArgs = [ "--interactive" ];
              interactive = lib.mkOverride 0 { };
            }
          ];
        }).type;
    };
  };
  config.passthru.driverInteractive = config.interactive.driver;
}
