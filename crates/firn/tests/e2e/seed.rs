//! The listings of the notes on NixOS that this project began with, as they stand, with their typos mended
//! (`spec/seed`).

use std::path::{Path, PathBuf};

use crate::program::{Program, Said};

const OVER_BASE: [&str; 3] = ["--override-input", "nixpkgs", "base"];

fn listings() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/seed")).unwrap()
}

#[test]
fn two_machines_in_a_flake() {
    let Some(program) = Program::new() else { return };
    let flake = format!("path:{}", listings().join("http").display());
    let check = ["flake", "check", "--rebuild", "--no-write-lock-file", &flake];
    let said = program.run(&[&check[..], &OVER_BASE].concat());
    said.assert_success(&["test custom-http-server-test passed"]);
    program.assert_nothing_left();
}

/// A copy of the service's folder with a real ZIM file in it, as a user would have it.
fn kiwix(program: &Program) -> PathBuf {
    let folder = program.store().with_file_name("kiwix");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["flake.nix", "module.nix", "test.nix"] {
        std::fs::copy(listings().join("kiwix").join(file), folder.join(file)).unwrap();
    }
    let wiki = listings().join("../../examples/kiwix/wiki.nix");
    let wiki = format!("(import <nixpkgs> {{ }}).callPackage {} {{ }}", wiki.display());
    let words = ["build", "--no-link", "--print-out-paths", "--impure", "--expr", &wiki];
    let output = program.command(&words).output().unwrap();
    let path = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches('/').to_owned();
    Said::of(output).assert_success(&["snow.zim"]);
    let zim = "bitcoin_en_all_maxi_2021-03.zim";
    std::fs::copy(program.store().join(path), folder.join(zim)).unwrap();
    folder
}

#[test]
fn a_service_with_and_without_flakes() {
    let Some(program) = Program::new() else { return };
    let folder = kiwix(&program);
    let test = folder.join("test.nix");
    let words = ["--no-out-link", test.to_str().unwrap()];
    let plain = Said::of(program.command_called("nix-build", &words).output().unwrap());
    plain.assert_success(&["-vm-test-run-kiwix-service"]);
    let flake = format!("path:{}", folder.display());
    let check = ["flake", "check", "--rebuild", "--backend", "container", &flake];
    let said = program.run(&[&check[..], &OVER_BASE].concat());
    said.assert_success(&["test kiwix-service passed"]);
    let check = format!("{flake}#checks.x86_64-linux.kiwix-service");
    let built = program.run(&[&["build", "--no-link", &check], &OVER_BASE[..]].concat());
    built.assert_success(&[]);
    program.assert_nothing_left();
}

/// The example `remote-unlock` runs the same; here is only seen that the listing itself gives a test.
#[test]
fn unlocking_by_ssh() {
    let Some(program) = Program::new() else { return };
    let flake = format!("path:{}", listings().join("unlock").display());
    let test = format!("{flake}#checks.x86_64-linux.remote-unlock-test.drvPath");
    let words = ["eval", "--raw", "--no-write-lock-file", &test];
    let said = program.run(&[&words[..], &OVER_BASE].concat());
    said.assert_success(&["-vm-test-run-systemd-initrd-luks-password.drv"]);
}
