# Where a service finds the files of its `configData`: below `/etc`, in a folder with the names of the service
# and of those that it is part of.
let
  pathsBelow =
    above:
    { lib, name, ... }:
    let
      inherit (lib) mkOption types;
      whole = "${above}${name}";
    in
    {
      _class = "service";
      options.configData = mkOption {
        type = types.lazyAttrsOf (
          types.submodule (
            { config, ... }:
            {
              config.path = lib.mkDefault "/etc/system-services/${whole}/${config.name}";
            }
          )
        );
      };
      options.services = mkOption {
        type = types.attrsOf (types.submoduleWith { modules = [ (pathsBelow "${whole}-") ]; });
      };
    };
in
pathsBelow ""
