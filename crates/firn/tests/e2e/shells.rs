//! Programs, shells and build environments of packages.

use crate::program::{Program, Said};

const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "base";
  outputs = { nixpkgs, ... }:
    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
      apps.x86_64-linux.greet = { type = "app"; program = "${pkgs.hello}/bin/hello"; };
      devShells.x86_64-linux.default = pkgs.mkShellNoCC {
        packages = [ pkgs.hello ];
        QUOTED = "it's\nhere";
        shellHook = "echo hooked";
      };
      packages.x86_64-linux.built = pkgs.stdenvNoCC.mkDerivation {
        name = "built-1";
        dontUnpack = true;
        buildPhase = "echo building $name into $out";
        installPhase = "touch $out";
      };
    };
}"#;

#[test]
fn programs_run_and_shells_find_them() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("shells", FLAKE);
    program.run(&["run", "base#hello"]).assert_success(&["Hello, world!"]);
    let app = format!("{flake}#greet");
    let said =
        Said::of(program.command_first(&["run", &app, "--", "--greeting", "hi"]).output().unwrap());
    said.assert_success(&["hi\n"]);
    let command = ["shell", "base#hello", "--command", "hello", "--greeting", "found"];
    let said = Said::of(program.command_first(&command).output().unwrap());
    said.assert_success(&["found\n"]);
    program.run(&["run", &format!("{flake}#nothing")]).assert_failure(&["does not provide"]);
    program
        .run(&["build", "--dry-run", &format!("{flake}#built")])
        .assert_success(&["will be built:", "-built-1.drv"]);
}

#[test]
fn programs_find_their_parts_outside_of_systems() {
    let Some(program) = Program::new() else { return };
    let tools = ["base#units", "base#yamllint", "base#mercurial"];
    let script = "units --terse '1 m' cm; echo 'a: 1' | yamllint -d relaxed - && echo no mistakes; hg --version";
    let command = [&["shell"][..], &tools, &["--command", "sh", "-c", script]].concat();
    let said = Said::of(program.command_first(&command).output().unwrap());
    said.assert_success(&["100\n", "no mistakes", "Mercurial Distributed SCM"]);
}

#[test]
fn libraries_are_found_by_the_compiler() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake(
        "library",
        r#"{
  inputs.nixpkgs.url = "base";
  outputs = { nixpkgs, ... }:
    let pkgs = nixpkgs.legacyPackages.x86_64-linux; in {
      packages.x86_64-linux.default = pkgs.stdenv.mkDerivation {
        name = "linked";
        dontUnpack = true;
        nativeBuildInputs = [ pkgs.pkg-config ];
        buildInputs = [ pkgs.zlib pkgs.sqlite ];
        source = ''
          #include <sqlite3.h>
          #include <zlib.h>
          #include <stdio.h>
          int main() { printf("%s %s", zlibVersion(), sqlite3_libversion()); }
        '';
        passAsFile = [ "source" ];
        buildPhase = "cc -x c $sourcePath $(pkg-config --cflags --libs zlib sqlite3) -o linked";
        installPhase = "install -D linked $out/bin/linked";
      };
    };
}"#,
    );
    program.run(&["run", &flake]).assert_success(&["1.2.13 3.40.1"]);
}

#[test]
fn images_of_containers_are_made() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake(
        "image",
        r#"{
  inputs.nixpkgs.url = "base";
  outputs = { nixpkgs, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      image = pkgs.dockerTools.buildLayeredImage {
        name = "Greeter";
        tag = "1";
        contents = [ pkgs.hello ];
        extraCommands = "mkdir made; echo there > made/file";
        config.Cmd = [ "${pkgs.hello}/bin/hello" ];
      };
    in {
      packages.x86_64-linux.default = pkgs.runCommand "seen" { } ''
        mkdir image
        tar xzf ${image} -C image
        cd image
        cat manifest.json
        for layer in */layer.tar; do
          echo "''${layer%/*}  $layer" | sha256sum -c --quiet
          tar tf $layer >> names
          tar xOf $layer made/file 2>/dev/null || true
        done
        grep -F nix/store/${builtins.substring 11 (-1) pkgs.hello.outPath}/bin/hello names
        cat *.json | grep -o '"Cmd": *\[[^]]*'
        touch $out
      '';
    };
}"#,
    );
    program.run(&["build", "--no-link", &flake]).assert_success(&[]);
    let log = program.run(&["log", &flake]);
    log.assert_success(&[r#""RepoTags": ["greeter:1"]"#, "there", "bin/hello"]);
}

#[test]
fn build_environments_are_entered() {
    let Some(program) = Program::new() else { return };
    let flake = program.flake("shells", FLAKE);
    let develop = |words: &[&str]| {
        let words = [&["develop", flake.as_str()], words].concat();
        Said::of(program.command_first(&words).output().unwrap())
    };
    let script = r#"hello; echo "<$QUOTED> $IN_NIX_SHELL $name"; exit 3"#;
    let said = develop(&["--command", "bash", "-c", script]);
    said.assert_failure(&["hooked\n", "Hello, world!", "<it's\nhere> impure nix-shell-env\n"]);
    let built = format!("{flake}#built");
    let said = program.run(&["develop", &built, "--phase", "build"]);
    said.assert_success(&["building built-1-env into ", "/outputs/out"]);
    let said = program.run(&["print-dev-env", "--json", &built]);
    said.assert_success(&[r#""name":{"type":"exported","value":"built-1-env"}"#, r#""runPhase":"#]);
    let said = program.run(&["develop", "base#hello"]);
    said.assert_failure(&["whose builder is 'bash'", "builtin:debian"]);
}

#[test]
fn nix_shell_takes_packages_and_scripts() {
    let Some(program) = Program::new() else { return };
    let shell = |words: &[&str]| {
        let output = program.command_called("nix-shell", words).output().unwrap();
        Said::of(output)
    };
    shell(&["-p", "hello", "--run", "hello; echo $IN_NIX_SHELL"])
        .assert_success(&["Hello, world!\nimpure\n"]);
    shell(&["-p", "hello", "--pure", "--run", "hello; type -p tar || echo $IN_NIX_SHELL"])
        .assert_success(&["Hello, world!"]);
    let flake = program.flake("script", "{ outputs = _: { }; }");
    let script = format!("{}/greet", flake.trim_start_matches("path:"));
    let text =
        "#! /usr/bin/env nix-shell\n#! nix-shell -i bash -p hello\nhello --greeting \"$1\"\n";
    std::fs::write(&script, text).unwrap();
    shell(&[&script, "two words"]).assert_success(&["two words\n"]);
    // Paths in its lines are the script's neighbours, wherever it is called.
    let neighbour = script.replace("/greet", "/greeting.nix");
    std::fs::write(neighbour, "pkgs: pkgs.hello").unwrap();
    let text = "#! /usr/bin/env nix-shell\n#! nix-shell -i bash --expr\n\
        #! nix-shell \"with import <nixpkgs> { }; mkShell { packages = [ (import ./greeting.nix pkgs) ]; }\"\n\
        hello --greeting \"$1\"\n";
    std::fs::write(&script, text).unwrap();
    shell(&[&script, "from a neighbour"]).assert_success(&["from a neighbour\n"]);
    shell(&["/nothing/here"]).assert_failure(&["/nothing/here"]);
}
