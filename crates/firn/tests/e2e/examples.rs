//! Every example is a flake whose checks hold.

use crate::program::{Program, examples};

/// Examples that other tests run.
const ELSEWHERE: &[&str] = &["http-server", "nixpkgs-by-name", "remote-unlock"];

#[test]
fn their_checks_hold() {
    let Some(program) = Program::new() else { return };
    let mut checks = Vec::new();
    for entry in std::fs::read_dir(examples()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if !folder.join("flake.nix").exists() || ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        let flake = format!("path:{}", folder.display());
        // Committed lock files are those that firn would write.
        let check = ["flake", "check", "--no-build", "--no-update-lock-file", &flake];
        program.run(&check).assert_success(&[]);
        let names = ["eval", "--raw", "--apply", "x: toString (builtins.attrNames x)"];
        let all = format!("{flake}#checks.x86_64-linux");
        let names = program.run(&[&names[..], &[&all]].concat());
        names.assert_success(&[]);
        checks.extend(names.text.split_whitespace().map(|name| format!("{all}.{name}")));
    }
    assert!(checks.len() > 5, "{checks:?}");
    // All at once, so that they run side by side.
    let words: Vec<&str> = checks.iter().map(String::as_str).collect();
    program.run(&[&["build", "--no-link"], &words[..]].concat()).assert_success(&[]);
    program.assert_nothing_left();
}

#[test]
fn a_broken_configuration_fails_with_its_programs_words() {
    let Some(program) = Program::new() else { return };
    let flake = format!("path:{}#broken", examples().join("checked-config").display());
    let said = program.run(&["build", "--no-link", &flake]);
    said.assert_failure(&["unknown directive \"lissen\""]);
}
