# Modular services: services described apart from what runs them (`lib/services`), run by systemd.
{
  lib,
  config,
  options,
  pkgs,
  ...
}:
let
  inherit (lib)
    concatLists
    concatMapAttrs
    mapAttrs'
    mapAttrsToList
    mkOption
    nameValuePair
    removePrefix
    types
    ;
  cfg = config.system.services;
  services = import ../../../lib/services/lib.nix { inherit lib; };

  join = above: name: lib.concatStringsSep "-" (lib.filter (part: part != "") [ above name ]);

  # What a function of name and service gives, for the services and all within them.
  everywhere =
    function:
    let
      visit =
        name: service: function name service // concatMapAttrs (inner: visit (join name inner)) service.services;
    in
    concatMapAttrs visit cfg;
  unitsOf =
    kind:
    everywhere (
      name: service:
      # A function, for what is a set counts as definitions alone.
      mapAttrs' (
        unit: module: nameValuePair (join name unit) ({ ... }: { imports = [ module ]; })
      ) service.systemd.${kind}
    );
  # What each service says of itself, with its place.
  said = collect: concatLists (mapAttrsToList (name: collect (options.system.services.loc ++ [ name ])) cfg);
in
{
  options.system.services = mkOption {
    type = types.attrsOf
      (services.configure {
        serviceManagerPkgs = pkgs;
        extraRootModules = [
          ./service.nix
          ./config-data-path.nix
        ];
        extraRootSpecialArgs.systemdPackage = config.systemd.package;
      }).serviceSubmodule;
    default = { };
    visible = "shallow";
    example = lib.literalExpression ''{ greeter = { process.argv = [ (lib.getExe pkgs.hello) ]; }; }'';
    description = "Modular services, which become units of systemd by their names.";
  };

  config = {
    assertions = said services.getAssertions;
    warnings = said services.getWarnings;
    systemd.services = unitsOf "services";
    systemd.sockets = unitsOf "sockets";
    environment.etc = everywhere (
      _: service:
      mapAttrs' (
        _: file: nameValuePair (removePrefix "/etc/" file.path) { inherit (file) enable source; }
      ) (service.configData or { })
    );
  };
}
