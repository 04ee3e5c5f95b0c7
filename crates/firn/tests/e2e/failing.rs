//! A test that does not hold: it fails, says where and why, and leaves nothing behind.

use std::path::Path;
use std::process::Stdio;

use crate::program::{Program, Said, example};

#[test]
fn shows_the_line_and_the_machines_and_cleans_up() {
    let Some(program) = Program::new() else { return };
    let text = example("http-server");
    let wrong = text.replace("http://server:8080/ |", "http://server:8081/ --max-time 3 |");
    assert_ne!(text, wrong);
    let flake = program.flake("failing", &wrong);
    let said = program.run(&["flake", "check", "--backend", "container", &flake]);
    said.assert_failure(&[
        "testScript, line 3",
        "client.succeed(\"curl --fail --silent http://server:8081/",
        "test http-server failed",
        "vm-test-run-http-server.drv",
        "note: log and files are in '",
    ]);
    // What machines said last is no reason; the log has it.
    assert!(!said.text.contains("last lines of its console"), "{}", said.text);
    let folder = said.text.split("note: log and files are in '").nth(1).unwrap();
    let log = Path::new(folder.split('\'').next().unwrap()).join("log");
    assert!(std::fs::read_to_string(log).unwrap().contains("last lines of its console"));
    program.assert_nothing_left();
}

#[test]
fn an_interrupt_ends_everything() {
    let Some(program) = Program::new() else { return };
    let endless =
        example("http-server").replace("start_all()", "start_all()\n          client.sleep(600)");
    let flake = program.flake("endless", &endless);
    let mut command = program.command(&["flake", "check", "--backend", "container", &flake]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    // The machine that sleeps is up: now is the moment.
    while !text.contains("booted") {
        let read = std::io::BufRead::read_line(&mut lines, &mut text).unwrap();
        assert_ne!(read, 0, "it ended before a machine was up:\n{text}");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    std::io::Read::read_to_string(&mut lines, &mut text).unwrap();
    let said = Said::of(child.wait_with_output().unwrap());
    assert!(!said.success);
    program.assert_nothing_left();
}
