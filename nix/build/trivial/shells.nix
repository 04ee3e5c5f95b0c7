# Development shells and program wrappers.
{ pkgs, lib, ... }:
{
  # mkShell { packages; inputsFrom; shellHook; … }
  # A function with `override { stdenv = …; }`, whose results can be overridden too.
  mkShell = lib.makeOverridable ({ stdenv ? pkgs.stdenv }: lib.makeOverridable (
    {
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      buildInputs ? [ ],
      nativeBuildInputs ? [ ],
      propagatedBuildInputs ? [ ],
      propagatedNativeBuildInputs ? [ ],
      ...
    }@attrs:
    let
      used = attrs.stdenv or stdenv;
      rest = removeAttrs attrs [
        "name"
        "packages"
        "inputsFrom"
        "buildInputs"
        "nativeBuildInputs"
        "propagatedBuildInputs"
        "propagatedNativeBuildInputs"
        "shellHook"
        "stdenv"
      ];
      merged =
        kind:
        (attrs.${kind} or [ ])
        ++ lib.subtractLists inputsFrom (lib.flatten (lib.catAttrs kind inputsFrom));
    in
    used.mkDerivation (
      {
        inherit name;
        buildInputs = merged "buildInputs";
        nativeBuildInputs = packages ++ merged "nativeBuildInputs";
        propagatedBuildInputs = merged "propagatedBuildInputs";
        propagatedNativeBuildInputs = merged "propagatedNativeBuildInputs";
        shellHook = lib.concatStringsSep "\n" (
          lib.catAttrs "shellHook" (lib.reverseList inputsFrom ++ [ attrs ])
        );
        phases = [ "buildPhase" ];
        buildPhase = ''
          { echo "# The variables that this shell sets. It is not meant to be built;"
            echo "# its build shows that its inputs can be."
            export
          } >"$out"
        '';
        preferLocalBuild = true;
      }
      // rest
    )
  )) { };
  mkShellNoCC = pkgs.mkShell.override { stdenv = pkgs.stdenvNoCC; };

  # Shell functions makeWrapper and wrapProgram for builds.
  makeWrapper = pkgs.makeSetupHook { name = "make-shell-wrapper-hook"; substitutions.shell = pkgs.runtimeShell; } ./make-wrapper.sh;
  makeShellWrapper = pkgs.makeWrapper;
  makeBinaryWrapper = pkgs.makeWrapper;
  installShellFiles = pkgs.makeSetupHook { name = "install-shell-files"; } ./install-shell-files.sh;
  autoPatchelfHook = pkgs.makeSetupHook { name = "auto-patchelf-hook"; } (
    builtins.toFile "auto-patchelf-hook.sh" "# Debian's programs are relocated as they are unpacked.\n"
  );
}
