# Files from text. Those without a check are made by a builder that is part of the program: no
# shell, no tools, nothing else to be built before.
{
  pkgs,
  lib,
  system,
}:
let
  tree =
    {
      name,
      entries,
      attrs ? { },
    }:
    import ../tree.nix {
      # As in packages, what can't be in a name is left out of it.
      name = lib.strings.sanitizeDerivationName name;
      inherit system entries attrs;
    };

  # writeTextFile { name; text; executable; destination = "/bin/x"; checkPhase; meta; … }
  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      allowSubstitutes ? false,
      preferLocalBuild ? true,
      derivationArgs ? { },
      pos ? builtins.unsafeGetAttrPos "name" { inherit name; },
    }:
    let
      path = lib.removePrefix "/" destination;
      main = lib.optionalAttrs (executable && lib.hasPrefix "bin/" path) {
        mainProgram = baseNameOf path;
      };
      described = {
        meta = main // meta;
        inherit passthru;
      };
      simple = tree {
        inherit name;
        entries.${path} = { inherit text executable; };
      };
    in
    if checkPhase == "" && derivationArgs == { } then
      simple
      // described
      // passthru
      // {
        overrideAttrs =
          f:
          (checkedFile { inherit name text executable destination checkPhase allowSubstitutes preferLocalBuild derivationArgs described; }).overrideAttrs f;
      }
    else
      checkedFile {
        inherit name text executable destination checkPhase allowSubstitutes preferLocalBuild derivationArgs described;
      };

  checkedFile =
    {
      name,
      text,
      executable,
      destination,
      checkPhase,
      allowSubstitutes,
      preferLocalBuild,
      derivationArgs,
      described,
    }:
    pkgs.stdenvNoCC.mkDerivation (
      {
        inherit
          name
          text
          executable
          destination
          checkPhase
          allowSubstitutes
          preferLocalBuild
          ;
        passAsFile = [ "text" ] ++ derivationArgs.passAsFile or [ ];
        buildCommand = ''
          target=$out$destination
          mkdir -p "$(dirname "$target")"
          if [ -e "''${textPath-}" ]; then cp "$textPath" "$target"; else printf '%s' "$text" > "$target"; fi
          chmod u+w "$target"
          if [ -n "$executable" ]; then chmod +x "$target"; fi
          eval "$checkPhase"
        '';
      }
      // removeAttrs derivationArgs [ "passAsFile" ]
      // described
    );

  shebang = "#!${pkgs.runtimeShell}\n";
  dryRun = ''
    ${pkgs.stdenv.shellDryRun} "$target"
  '';
in
{
  inherit writeTextFile;
  runtimeShell = "${pkgs.bash}/bin/bash";
  runtimeShellPackage = pkgs.bash;

  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir =
    path: text:
    writeTextFile {
      name = baseNameOf path;
      inherit text;
      destination = "/${path}";
    };
  writeScript =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
    };
  writeScriptBin =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
      destination = "/bin/${name}";
    };
  writeShellScript =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      text = shebang + text + "\n";
      checkPhase = dryRun;
    };
  writeShellScriptBin =
    name: text:
    writeTextFile {
      inherit name;
      executable = true;
      destination = "/bin/${name}";
      text = shebang + text + "\n";
      checkPhase = dryRun;
      meta.mainProgram = name;
    };

  # A shell program with its tools on the search path, strict about errors, syntax checked.
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [
        "errexit"
        "nounset"
        "pipefail"
      ],
      derivationArgs ? { },
      inheritPath ? true,
    }:
    writeTextFile {
      inherit name passthru derivationArgs;
      meta = {
        mainProgram = name;
      }
      // meta;
      executable = true;
      destination = "/bin/${name}";
      text =
        shebang
        + lib.concatMapStrings (option: "set -o ${option}\n") bashOptions
        + lib.optionalString (runtimeEnv != null) (
          lib.concatStrings (
            lib.mapAttrsToList (name: value: ''
              ${lib.toShellVar name value}
              export ${name}
            '') runtimeEnv
          )
        )
        + lib.optionalString (runtimeInputs != [ ]) ''
          export PATH="${lib.makeBinPath runtimeInputs}${lib.optionalString inheritPath ":$PATH"}"
        ''
        + "\n${text}\n";
      checkPhase =
        if checkPhase != null then
          checkPhase
        else
          dryRun
          + ''
            ${pkgs.shellcheck}/bin/shellcheck ${
              lib.optionalString (
                excludeShellChecks != [ ]
              ) "--exclude '${lib.concatStringsSep "," excludeShellChecks}'"
            } ${lib.escapeShellArgs extraShellCheckFlags} "$target"
          '';
    };

  concatTextFile =
    {
      name,
      files,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
    }:
    pkgs.runCommandLocal name
      {
        inherit
          files
          executable
          checkPhase
          meta
          passthru
          destination
          ;
      }
      ''
        file=$out$destination
        mkdir -p "$(dirname "$file")"
        cat $files > "$file"
        if [ -n "$executable" ]; then chmod +x "$file"; fi
        eval "$checkPhase"
      '';
  concatText = name: files: pkgs.concatTextFile { inherit name files; };
  concatScript =
    name: files:
    pkgs.concatTextFile {
      inherit name files;
      executable = true;
    };
}
