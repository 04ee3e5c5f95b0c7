let
  machine = import <nixpkgs/modules/eval-config.nix> {
    system = "x86_64-linux";
    modules = [ ./list-in-list.module.nix ];
  };
in
machine.config.systemd.services.kiwix.serviceConfig.ReadWritePaths
