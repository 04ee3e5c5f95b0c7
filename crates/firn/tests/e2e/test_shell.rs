//! `firn test shell`, and the driver as a program: a person at the prompt, in containers.

use crate::program::{Program, Said, example};
use crate::pty::Terminal;

/// Starts a session with the machines of the example of a web server.
fn session(program: &Program, arguments: &[&str]) -> Terminal {
    let flake = program.flake("session", &example("http-server"));
    let first = ["test", "shell", &flake, "--backend", "container"];
    let mut command = program.command(&[&first, arguments].concat());
    command.env("TERM", "xterm");
    Terminal::new(command, ">>> ")
}

const CONTROL_C: &str = "\u{3}";
const CONTROL_D: &str = "\u{4}";

#[test]
fn a_person_works_at_the_prompt() {
    let Some(program) = Program::new() else { return };
    let mut at = session(&program, &[]);
    at.line("start_all()", "(finished: start all VMs");
    at.line("server.succeed('echo $((6 * 7))')", "'42\\n'");
    // The machines outlive an interrupt; what waited for them does not.
    at.keys(CONTROL_C, "KeyboardInterrupt");
    at.wait_for(">>> ");
    at.keys("server.succeed('touch /tmp/begun; sleep 4711')\r", "must succeed: touch");
    at.keys(CONTROL_C, "KeyboardInterrupt");
    at.wait_for(">>> ");
    at.line("server.wait_until_fails('test -e /tmp/begun && pgrep -f \"sleep [4]711\"')", "''");
    at.line("server.wait_for_unit('missing.service')", "RequestedAssertionFailed: unit \"missing");
    at.line("undefined", "NameError");
    at.keys("server.get_unit_pr\t", "server.get_unit_property(");
    at.line("'http-server.service', 'ActiveState')", "'active'");
    // The latest line comes back.
    at.line("\u{1b}[A", "'active'");
    at.line("serial_stdout_off()", "");
    at.line("serial_stdout_on()", "");
    at.line("test_script()", "Directory listing");
    at.keys("client.shell_interact()\r", "root@client");
    at.keys("echo $((7 * 8)) $(hostname)\r", "56 client");
    at.wait_for("root@client");
    // What runs there is interrupted. Once `cat` repeats what it is told, it runs; a prompt that has only just been
    // shown may miss the signal until the next key (readline looks for it before it waits, not while it begins to).
    at.keys("echo be''gun; cat\r", "begun");
    at.keys("told\r", "told");
    at.wait_for("told");
    at.keys(CONTROL_C, "^C");
    at.wait_for("root@client");
    at.keys("exit\r", ">>> ");
    at.keys("client.console_interact()\r", "control-d leaves it");
    at.keys(CONTROL_D, ">>> ");
    at.line("client.shutdown(); client.is_up()", "False");
    assert!(at.last_keys(CONTROL_D).success());
    program.assert_nothing_left();
}

#[test]
fn a_session_is_kept_and_gone_on_with() {
    let Some(program) = Program::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("kept").display().to_string();
    let mut at = session(&program, &["--state", &state]);
    at.line("server.succeed('echo kept > /root/note')", "''");
    at.line("open('made', 'w').write('by hand')", "7");
    assert!(at.last_keys("exit()\r").success());
    let mut at = session(&program, &["--state", &state]);
    at.line("server.succeed('cat /root/note') + open('made').read()", "'kept\\nby hand'");
    assert!(at.last_keys(CONTROL_D).success());
    program.assert_nothing_left();
}

#[test]
fn the_driver_is_a_program() {
    let Some(program) = Program::new() else { return };
    if !rustix::process::geteuid().is_root() {
        // Outside of builds, users without rights have no control groups of their own for containers.
        return;
    }
    let flake = program.flake("session", &example("http-server"));
    let folder = tempfile::tempdir().unwrap();
    let command = |attribute: &str, words: &[&str]| {
        let driver = format!("{flake}#checks.x86_64-linux.default.{attribute}");
        let mut command = program.command_first(&["run", &driver, "--"]);
        command.args(words).current_dir(folder.path());
        command.env("TERM", "xterm").env("TMPDIR", folder.path());
        command
    };
    let script = |text: &str| std::fs::write(folder.path().join("script"), text).unwrap();
    script("server.copy_from_machine('/etc/hostname')\nserver.succeed('touch /root/kept')\n");
    let words = ["script", "-o", ".", "--junit-xml", "junit.xml", "--keep-vm-state"];
    Said::of(command("driver", &words).output().unwrap()).assert_success(&["vm-state-"]);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("hostname").trim(), "server");
    assert!(read("junit.xml").contains("tests=\"1\" failures=\"0\""), "{}", read("junit.xml"));
    script("server.succeed('test -e /root/kept')\nserver.succeed('exit 7')\n");
    let words = ["--no-interactive", "--test-script", "script", "-K"];
    let said = Said::of(command("driverInteractive", &words).output().unwrap());
    said.assert_failure(&["testScript, line 2", "exit code 7"]);
    let mut at = Terminal::new(command("driverInteractive", &[]), ">>> ");
    at.line("client.succeed('hostname')", "'client\\n'");
    assert!(at.last_keys(CONTROL_D).success());
    program.assert_nothing_left();
}
