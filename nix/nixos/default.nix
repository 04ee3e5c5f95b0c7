# A machine from a configuration, called as `import <nixpkgs/nixos> { configuration = …; }`. Everything in
# this folder stands where people's files expect it in nixpkgs and leads to where it is here.
{
  configuration ? import <nixos-config>,
  system ? builtins.currentSystem or "x86_64-linux",
  specialArgs ? { },
}:
let
  machine = import ../modules/eval-config.nix {
    inherit specialArgs system;
    modules = [ configuration ];
  };
in
{
  inherit (machine) config options pkgs;
  system = machine.config.system.build.toplevel;
  vm = machine.config.system.build.vm;
  vmWithBootLoader = machine.config.system.build.vmWithBootLoader;
}
