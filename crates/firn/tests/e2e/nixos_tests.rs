//! The test framework's own tests, `spec/nixos-tests`: what scripts can do, in containers and in virtual
//! machines, and what the program says when they fail.

use std::path::{Path, PathBuf};

use crate::program::Program;

fn suite() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/nixos-tests"))
        .unwrap()
}

fn test(name: &str) -> String {
    format!("path:{}#{name}", suite().display())
}

#[test]
fn everything_without_hardware() {
    let Some(program) = Program::new() else { return };
    let report = program.store().with_file_name("junit.xml");
    let report = report.to_string_lossy();
    let arguments = ["test", "run", "--repeat", "1", "--junit", &report, &test("containers")];
    let said = program.run(&arguments);
    said.assert_success(&["test containers passed"]);
    let xml = std::fs::read_to_string(&*report).unwrap();
    assert!(xml.contains("<testsuite name=\"containers\" tests=\"11\" failures=\"0\">"), "{xml}");
    program.assert_nothing_left();
}

#[test]
fn hardware() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("hardware")]);
    said.assert_success(&["test hardware passed"]);
    program.assert_nothing_left();
}

#[test]
fn a_container_and_a_virtual_machine() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("mixed")]);
    // The script asks the monitor, which only a virtual machine has.
    said.assert_success(&["box booted (container", "test mixed passed"]);
    program.assert_nothing_left();
}

#[test]
fn mistakes_are_found_before_anything_starts() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", &test("mistakes")]);
    said.assert_failure(&[
        r#"testScript, line 2: "Machine" has no attribute "suceed"; maybe "succeed"?"#,
        "testScript, line 3: Incompatible types in assignment",
        r#" 4 | clien.succeed("true")"#,
        r#"testScript, line 8: Argument 1 to "wait_for_open_port" of "Machine""#,
    ]);
    assert!(!said.text.contains("booted"), "{}", said.text);
}

#[test]
fn a_failure_leaves_log_and_files() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", &test("failure")]);
    said.assert_failure(&[
        "testScript, line 5:",
        "machine: command `echo whole; echo output; exit 7` failed (exit code 7)",
        "> whole",
        "> output",
        "broken.service",
        "these are its last words",
        "note: log and files are in '",
    ]);
    let folder = said.text.split("note: log and files are in '").nth(1).unwrap();
    let folder = Path::new(folder.split('\'').next().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("evidence")).unwrap(), "of the failure");
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("machine: must succeed: echo whole"), "{log}");
    program.assert_nothing_left();
}
