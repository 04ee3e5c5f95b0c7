# The running program itself, for systems that carry it. Only firn knows it.
{ lib, linkFarm }:
let
  program =
    builtins.firn.program or (throw ''
      pkgs.firn: this part of the system is the running program, and only firn can provide it;
      evaluate with firn, or override pkgs.firn with a build of it'');
in
linkFarm "firn" {
  "bin/firn" = program;
}
// {
  pname = "firn";
  meta = {
    description = "A complete Nix in one program, with an operating system distribution built in";
    license = [
      lib.licenses.mit
      lib.licenses.asl20
    ];
    mainProgram = "firn";
  };
}
