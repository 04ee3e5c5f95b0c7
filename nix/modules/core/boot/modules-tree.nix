# All kernel modules in one folder, with the index that modprobe reads.
{ lib, pkgs }:
{
  kernel,
  packages ? [ ],
}:
pkgs.runCommand "kernel-modules" { nativeBuildInputs = [ pkgs.kmod ]; } ''
  mkdir -p "$out/lib/modules"
  for tree in ${lib.escapeShellArgs (map toString ([ kernel ] ++ packages))}; do
    cp -rs --no-preserve=mode "$tree"/lib/modules/* "$out/lib/modules/"
  done
  for version in "$out"/lib/modules/*; do
    rm -f "$version/build" "$version/source"
    depmod -b "$out" -a "''${version##*/}"
  done
''
