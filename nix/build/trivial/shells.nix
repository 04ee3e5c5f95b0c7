# Development shells and program wrappers.
{ pkgs, lib, ... }:
{
  # mkShell { packages; inputsFrom; shellHook; … }
  mkShell = lib.makeOverridable (
    {
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      buildInputs ? [ ],
      nativeBuildInputs ? [ ],
      propagatedBuildInputs ? [ ],
      propagatedNativeBuildInputs ? [ ],
      stdenv ? pkgs.stdenv,
      ...
    }@attrs:
    let
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
    stdenv.mkDerivation (
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
  );
  mkShellNoCC = args: pkgs.mkShell ({ stdenv = pkgs.stdenvNoCC; } // args);

  # Shell functions makeWrapper and wrapProgram for builds.
  makeWrapper = pkgs.makeSetupHook { name = "make-shell-wrapper-hook"; substitutions.shell = pkgs.runtimeShell; } ./make-wrapper.sh;
  makeShellWrapper = pkgs.makeWrapper;
  makeBinaryWrapper = pkgs.makeWrapper;
  installShellFiles = pkgs.makeSetupHook { name = "install-shell-files"; } ./install-shell-files.sh;
  autoPatchelfHook = pkgs.makeSetupHook { name = "auto-patchelf-hook"; } (
    builtins.toFile "auto-patchelf-hook.sh" "# Debian's programs are relocated as they are unpacked.\n"
  );
}
