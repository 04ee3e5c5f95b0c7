//! The test framework's own tests, `spec/nixos-tests`: what scripts can do, in containers and in virtual
//! machines, and what the program says when they fail.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::program::{Program, Said};

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
    assert!(xml.contains("<testsuite name=\"containers\" tests=\"13\" failures=\"0\">"), "{xml}");
    program.assert_nothing_left();
}

/// Services, each asked once.
#[test]
fn services() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("services")]);
    said.assert_success(&["test services passed"]);
    program.assert_nothing_left();
}

#[test]
fn certificates_are_ordered_and_renewed() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("acme")]);
    said.assert_success(&["test acme passed"]);
    program.assert_nothing_left();
}

#[test]
fn machines_run_containers_of_their_own() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("inner")]);
    said.assert_success(&["test inner passed"]);
    program.assert_nothing_left();
}

#[test]
fn scripts_import_further_packages() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("packages")]);
    said.assert_success(&["test packages passed"]);
    program.assert_nothing_left();
}

#[test]
fn hardware() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("hardware")]);
    said.assert_success(&["test hardware passed"]);
    program.assert_nothing_left();
}

#[test]
fn machines_by_commands() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("created")]);
    said.assert_success(&["three booted (vm", "test created passed", "1 runs: 1 passed, 0 failed"]);
    program.assert_nothing_left();
}

#[test]
fn a_screen_and_its_windows() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("screen")]);
    said.assert_success(&["test screen passed"]);
    program.assert_nothing_left();
}

#[test]
fn disks_and_firmware() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("disks")]);
    said.assert_success(&["test disks passed"]);
    program.assert_nothing_left();
}

#[test]
fn firmware_and_its_variables() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("firmware")]);
    said.assert_success(&["test firmware passed"]);
    program.assert_nothing_left();
}

#[test]
fn a_container_and_a_virtual_machine() {
    let Some(program) = Program::beside() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("mixed")]);
    // The script asks the monitor, which only a virtual machine has.
    said.assert_success(&["box booted (container", "test mixed passed"]);
    program.assert_nothing_left();
}

/// The lines that a test wrote to its file `identity`.
fn identities(program: &Program, said: &Said, name: &str) -> BTreeSet<String> {
    let end = format!("-vm-test-run-{name}");
    let output = said.text.lines().find(|line| line.ends_with(&end)).unwrap();
    let file = program.store().join(output.trim_start_matches('/')).join("identity");
    std::fs::read_to_string(file).unwrap().lines().map(String::from).collect()
}

/// The saved boot of a node of the test `saved-again`, which has run.
fn saved_boot(program: &Program, node: &str) -> PathBuf {
    let store = |path: &str| program.store().join(path.trim_start_matches('/'));
    let attribute = test("checks.x86_64-linux.saved-again.driverConfig");
    let said = program.run(&["eval", "--raw", &attribute]);
    let path = said.text.lines().find_map(|line| line.find("/nix/store/").map(|at| &line[at..]));
    let text = std::fs::read(store(path.unwrap().trim())).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&text).unwrap();
    store(config["nodes"][node]["savedBoot"].as_str().unwrap())
}

#[test]
fn machines_go_on_from_saved_boots() {
    let Some(program) = Program::new() else { return };
    let said = program.run(&["test", "run", "--repeat", "1", &test("saved")]);
    said.assert_success(&["one booted (saved boot", "two booted (saved boot", "test saved passed"]);
    let first = identities(&program, &said, "saved");
    let said = program.run(&["test", "run", "--repeat", "1", &test("saved-again")]);
    said.assert_success(&["one booted (saved boot", "test saved-again passed"]);
    assert!(!said.text.contains("-saved-boot-one.drv"), "it is shared:\n{}", said.text);
    let second = identities(&program, &said, "saved-again");
    assert_eq!((first.len(), second.len()), (4, 4), "ids and random numbers of two machines");
    assert!(first.is_disjoint(&second), "{first:?} {second:?}");
    program.assert_nothing_left();
}

#[test]
fn a_damaged_saved_boot_is_booted() {
    let Some(program) = Program::new() else { return };
    let again = test("saved-again");
    // What an earlier run of the tests found out does not bring back what was collected since.
    program.run(&["test", "run", "--repeat", "1", &again]).assert_success(&[]);
    let folder = saved_boot(&program, "one");
    let (state, kept) = (folder.join("state"), folder.join("state.kept"));
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let length = std::fs::metadata(&state).unwrap().len();
    std::fs::rename(&state, &kept).unwrap();
    std::fs::File::create(&state).unwrap().set_len(length).unwrap();
    let said = program.run(&["test", "run", "--repeat", "1", &again]);
    std::fs::rename(&kept, &state).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o555)).unwrap();
    said.assert_success(&["one booted (vm", "two booted (saved boot", "test saved-again passed"]);
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
    let said = program.run(&["test", "run", "--repeat", "2", &test("failure")]);
    said.assert_failure(&[
        "2 runs: 0 passed, 2 failed",
        "testScript, line 5:",
        "machine: command `echo whole; echo output; exit 7` failed (exit code 7)",
        "> whole",
        "> output",
        "failed units of machine:\n    broken.service\n",
        "these are its last words",
        "note: log and files are in '",
    ]);
    // The last words are why it failed, not what consoles said until then.
    let tail = said.text.rsplit(" log lines:\n").next().unwrap();
    assert!(tail.starts_with("> error: testScript, line 5:\n"), "{tail}");
    let folder = said.text.split("note: log and files are in '").nth(1).unwrap();
    let folder = Path::new(folder.split('\'').next().unwrap());
    assert_eq!(std::fs::read_to_string(folder.join("evidence")).unwrap(), "of the failure");
    let log = std::fs::read_to_string(folder.join("log")).unwrap();
    assert!(log.contains("machine: must succeed: echo whole"), "{log}");
    program.assert_nothing_left();
}
