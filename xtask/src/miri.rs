//! The tests that concern `unsafe` code, interpreted by Miri, which notices undefined behaviour.

use std::process::Command;

/// Package, what of it, and the part of the tests' names that chooses them.
const TESTS: &[(&str, &[&str], &str)] = &[
    ("firn-eval", &["--test", "cases"], "every_case"),
    ("firn-eval", &["--test", "memory"], "what_is_used_stays"),
    ("firn-eval", &["--lib"], ""),
    ("firn-syntax", &["--lib"], ""),
    ("firn-formats", &["--lib"], "derivation"),
    ("firn-formats", &["--lib"], "sha256_pair"),
];

/// Files are read; values keep addresses in words, so that pointers come from numbers; slots and strings reach
/// what lies beside them, which the model of tree borrows allows.
const FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-tree-borrows";

/// Runs them, those of one package if it is named.
///
/// # Errors
/// When Miri is missing, or finds something.
pub fn run(package: Option<&str>) -> Result<(), String> {
    let there = Command::new("cargo").args(["+nightly", "miri", "--version"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        return Err(
            "Miri is missing: `rustup toolchain install nightly --component miri,rust-src`".into(),
        );
    }
    for (name, what, filter) in TESTS {
        if package.is_some_and(|package| package != *name) {
            continue;
        }
        let mut command = Command::new("cargo");
        command.args(["+nightly", "miri", "test", "-p", name]).args(*what).arg(filter);
        // A few random cases are enough where each step costs a thousand.
        command.env("MIRIFLAGS", FLAGS).env("PROPTEST_CASES", "4");
        let status = command.status().map_err(|error| format!("cargo: {error}"))?;
        if !status.success() {
            return Err(format!("{name} {} {filter}: Miri found something", what.join(" ")));
        }
    }
    Ok(())
}
