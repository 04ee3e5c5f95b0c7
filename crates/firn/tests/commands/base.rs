//! The modules of `base`, evaluated by the program that has it inside.

use std::path::Path;

use crate::user::User;

#[test]
fn machines_get_the_files_that_are_expected() {
    let user = User::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../nix/modules/expect");
    let run = folder.join("run.nix").display().to_string();
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("cases")).unwrap() {
        let expected = entry.unwrap().path();
        if expected.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = expected.file_stem().unwrap().to_string_lossy().into_owned();
        let words =
            ["nix-instantiate", "--eval", "--raw", "--read-write-mode", run.as_str(), "-A", &name];
        let shown = user.run(&words);
        let expected = std::fs::read_to_string(&expected).unwrap();
        let (shown, expected) = (shown.trim_end(), expected.trim_end());
        for (at, (shown, expected)) in shown.lines().zip(expected.lines()).enumerate() {
            assert_eq!(shown, expected, "{name}, line {}", at + 1);
        }
        assert_eq!(shown.lines().count(), expected.lines().count(), "{name}");
        count += 1;
    }
    assert!(count >= 3);
}

/// What published code reads of nixpkgs' tree is there and evaluates.
#[test]
fn files_of_nixpkgs_are_where_they_are_expected() {
    let user = User::new();
    user.write(
        "machine.nix",
        r#"
        let
          pkgs = import <nixpkgs> { };
          profiles = [ "qemu-guest" "minimal" "headless" "base" "perlless" ];
          machine = import (pkgs.path + "/nixos/lib/eval-config.nix") {
            modules = [
              ({ modulesPath, ... }: {
                imports = map (name: modulesPath + "/profiles/${name}.nix") profiles ++ [
                  (modulesPath + "/installer/scan/not-detected.nix")
                ];
                nixpkgs.hostPlatform = "x86_64-linux";
                fileSystems."/".device = "/dev/vda";
              })
            ];
          };
          alone = pkgs.lib.evalModules {
            modules = [
              (pkgs.path + "/nixos/modules/misc/assertions.nix")
              (pkgs.path + "/nixos/modules/misc/meta.nix")
              { meta.maintainers = with pkgs.lib.maintainers; [ somebodyOfNixpkgs ]; }
            ];
          };
          keys = import "${pkgs.path}/nixos/tests/ssh-keys.nix" pkgs;
          called = import <nixpkgs/nixos> {
            configuration = { fileSystems."/".device = "/dev/vda"; };
          };
        in
        builtins.toJSON [
          (machine.config.system.build.toplevel ? drvPath)
          alone.config.assertions
          (builtins.substring 0 19 keys.snakeOilPublicKey)
          (called.system ? drvPath)
        ]
        "#,
    );
    let words = ["nix-instantiate", "--eval", "--raw", "--read-write-mode", "machine.nix"];
    assert_eq!(user.run(&words), r#"[true,[],"ecdsa-sha2-nistp256",true]"#);
}
