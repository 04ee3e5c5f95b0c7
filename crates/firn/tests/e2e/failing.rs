//! A test that does not hold: it fails, says where and why, and leaves nothing behind.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::program::{Program, Said, example};
use crate::pty::Terminal;

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

/// What the log tells somebody to type, typed: the test stands where it failed, and its machines are up.
#[test]
fn a_failed_script_waits_for_somebody() {
    let Some(program) = Program::new() else { return };
    if !rustix::process::geteuid().is_root() {
        // Who has no rights reaches nobody's network but their own.
        return;
    }
    let text = example("http-server")
        .replace("name = \"http-server\";", "name = \"waiting\";\n        enableDebugHook = true;")
        .replace("start_all()", "start_all()\n          mark = 6 * 7")
        .replace("grep 'Directory listing'", "grep 'Something else'");
    let flake = program.flake("waiting", &text);
    let mut command = program.command(&["flake", "check", "--backend", "container", &flake]);
    let mut child =
        Interrupted(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = String::new();
    let mut lines = BufReader::new(child.0.stderr.take().unwrap());
    let line = loop {
        let begin = said.len();
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "nobody was waited for:\n{said}");
        if let Some(at) = said[begin..].find("sudo nsenter") {
            break said[begin + at..].trim_end().to_string();
        }
    };
    let folder = tempfile::tempdir().unwrap();
    // Not every machine has these two.
    tool(folder.path(), "sudo", "exec \"$@\"");
    tool(folder.path(), "nc", "exec 3<>/dev/tcp/$1/$2\ncat <&3 & cat >&3");
    let mut shell = Command::new("bash");
    let path = std::env::var("PATH").unwrap();
    shell.args(["--norc", "-i"]).env("PS1", "at the shell> ");
    shell.env("PATH", format!("{}:{path}", folder.path().display()));
    let mut at = Terminal::new(shell, "at the shell> ");
    at.keys(&format!("{line}\r"), "(Pdb) ");
    at.keys("p mark\r", "42");
    at.wait_for("(Pdb) ");
    at.keys("client.succeed('hostname')\r", "'client\\n'");
    at.wait_for("(Pdb) ");
    at.keys("continue\r", "continue");
    lines.read_to_string(&mut said).unwrap();
    assert!(!child.0.wait().unwrap().success());
    assert!(said.contains("test waiting failed"), "{said}");
    drop(at);
    program.assert_nothing_left();
}

/// A process that is interrupted when the test that started it fails.
struct Interrupted(Child);

impl Drop for Interrupted {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            let pid = rustix::process::Pid::from_child(&self.0);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
            let _ = self.0.wait();
        }
    }
}

/// Writes a shell script.
fn tool(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/usr/bin/env bash\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
}
