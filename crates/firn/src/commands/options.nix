# The options of a flake that names no machine: those of its only machine, of an empty machine made by its
# own `lib.nixosSystem`, or of one that has its modules and is otherwise made by `base`.
flake: base: system:
let
  machines = builtins.attrNames (flake.nixosConfigurations or { });
  machineOf =
    distribution: modules:
    distribution.lib.nixosSystem { modules = [ { nixpkgs.hostPlatform = system; } ] ++ modules; };
  machine =
    if builtins.length machines == 1 then
      flake.nixosConfigurations.${builtins.head machines}
    else if machines != [ ] then
      throw "this flake describes several machines; name one: ${
        builtins.concatStringsSep ", " (map (name: "'#nixosConfigurations.${name}'") machines)
      }"
    else if flake ? lib.nixosSystem then
      machineOf flake [ ]
    else if flake ? nixosModules then
      machineOf base (builtins.attrValues flake.nixosModules)
    else
      throw "this flake has no options: it has no nixosConfigurations, no nixosModules and no lib.nixosSystem";
in
machine.options
