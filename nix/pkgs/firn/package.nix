# The running program itself, for systems that carry it. Only firn knows it.
{ lib, linkFarm }:
let
  program =
    builtins.firn.program or (throw ''
      pkgs.firn: this part of the system is the running program, and only firn can provide it;
      evaluate with firn, or override pkgs.firn with a build of it'');
in
linkFarm "firn" (
  builtins.listToAttrs (
    map
      (name: {
        name = "bin/${name}";
        value = program;
      })
      [
        "firn"
        "nix"
        "nix-build"
        "nix-channel"
        "nix-collect-garbage"
        "nix-env"
        "nix-hash"
        "nix-instantiate"
        "nix-prefetch-url"
        "nix-shell"
        "nix-store"
        "nixos-rebuild"
      ]
  )
)
// {
  pname = "firn";
  # Modules ask for the version of Nix before they use what came with it.
  version = builtins.nixVersion;
  meta = {
    description = "A complete Nix in one program, with an operating system distribution built in";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "firn";
  };
}
