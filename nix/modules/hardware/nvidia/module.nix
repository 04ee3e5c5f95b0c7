# NVIDIA's driver is not free, so `base` cannot have it. What profiles say of it can be said; whoever asks
# for the driver itself gets an error that says so.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  inherit (import ../../option-kinds.nix { inherit lib; }) flag;
  notFree = ''
    services.xserver.videoDrivers has "nvidia": NVIDIA's driver is not free and not part of Debian's main, so base cannot have it.
    Take the kernel's own driver: services.xserver.videoDrivers = lib.mkForce [ "modesetting" ]; or build this machine with nixpkgs.
  '';
in
{
  options.hardware.nvidia = mkOption {
    default = { };
    description = "NVIDIA's driver, which `base` cannot have.";
    type = types.submodule {
      freeformType = types.attrsOf types.anything;
      options = {
        enabled = flag false "Whether the driver is used.";
        open = mkOption {
          type = types.nullOr types.bool;
          default = null;
          description = "Whether the kernel's half of the driver is the open one.";
        };
        modesetting.enable = flag false "Whether the driver sets the screens' modes.";
        nvidiaSettings = flag true "Whether its program for settings is there.";
        powerManagement.enable = flag false "Whether the driver saves the state of the card when the machine sleeps.";
        powerManagement.finegrained = flag false "Whether the card is off when nobody uses it.";
        dynamicBoost.enable = flag false "Whether processor and card share their power.";
        prime = mkOption {
          type = types.submodule {
            freeformType = types.attrsOf types.anything;
            options = {
              sync.enable = flag false "Whether the card draws all screens.";
              reverseSync.enable = flag false "Whether the card draws screens that are connected to it.";
              offload.enable = flag false "Whether programs may ask for the card.";
              offload.enableOffloadCmd = flag false "Whether there is the command `nvidia-offload`.";
            };
          };
          default = { };
          description = "Two graphics in one machine.";
        };
        package = mkOption {
          type = types.package;
          default = throw notFree;
          defaultText = lib.literalMD "none";
          description = "The driver.";
        };
        notFree = mkOption {
          type = types.str;
          internal = true;
          readOnly = true;
          default = notFree;
          description = "What is said to whoever asks for it.";
        };
      };
    };
  };
}
