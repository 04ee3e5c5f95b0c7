# Nodes that are containers.
{
  config,
  lib,
  ...
}:
{
  config = lib.mkIf (config.virtualisation.backend == "container") {
    boot.isContainer = lib.mkOverride 50 true;
    # The driver gives a container its root; file systems of machines have no meaning here.
    fileSystems = lib.mkOverride 10 { };
    swapDevices = lib.mkOverride 10 [ ];
    assertions = [
      {
        assertion = config.virtualisation.needs == [ ];
        message = "The node ${config.virtualisation.test.nodeName} can't be a container, because it needs ${lib.concatStringsSep ", " config.virtualisation.needs}; use the backend `vm`.";
      }
    ];
  };
}
