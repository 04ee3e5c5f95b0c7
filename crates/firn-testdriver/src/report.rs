//! What is shown when a test fails.

use crate::driver::Driver;
use crate::node::Node;
use crate::rpc::{Ending, ScriptFrame};
use firn_machine::State;
use std::fmt::Write;
use std::time::Duration;

/// Lines of each machine's console shown at a failure.
const CONSOLE_LINES: usize = 15;
/// How long a machine may take to say which units have failed.
const QUESTION_LIMIT: Duration = Duration::from_secs(15);

/// Why a test failed.
#[derive(Debug)]
pub struct Report {
    /// The script's failing line, and why it failed.
    pub brief: String,
    /// The same with the units that have failed, for the person at the terminal.
    pub whole: String,
}

impl From<String> for Report {
    fn from(text: String) -> Self {
        Self { brief: text.clone(), whole: text }
    }
}

/// Tells the log why the script failed.
pub fn failed(driver: &Driver, ending: &Ending) -> Report {
    pictures(driver);
    tell(driver, script_failure(ending))
}

/// The same for a test that ran out of time.
pub fn timed_out(driver: &Driver, under_way: &[(String, Option<u32>)], limit: Duration) -> Report {
    let mut text = format!("the test took longer than its global timeout of {} s", limit.as_secs());
    let script = std::fs::read_to_string(&driver.config.test_script).unwrap_or_default();
    for (call, line) in under_way {
        let _ = write!(text, "\nwhile it waited in {call}()");
        if let Some(line) = line {
            let source = script.lines().nth(*line as usize - 1).unwrap_or_default();
            let _ = write!(text, "\n  testScript, line {line}:\n    {}", source.trim());
        }
    }
    pictures(driver);
    tell(driver, text)
}

/// Tells the log all there is to say: first what the person wants to know, then what the machines said last.
fn tell(driver: &Driver, brief: String) -> Report {
    let told = ask_machines(driver);
    let mut whole = brief.clone();
    for (name, Said { units, .. }) in told.iter().filter(|(_, said)| !said.units.is_empty()) {
        let _ = write!(whole, "\nfailed units of {name}:");
        let lines = units.lines().map(|line| format!("\n  {line}"));
        whole.extend(lines);
    }
    driver.log.failure(&whole);
    for (name, Said { console, .. }) in &told {
        driver.log.failure(&format!("--- {name} ---\n{console}"));
    }
    Report { brief, whole }
}

/// The script's own frames, then the exception. What is no failed expectation gets its whole traceback.
fn script_failure(ending: &Ending) -> String {
    let mut text = String::new();
    let expected = ending.class == "RequestedAssertionFailed";
    if !expected && !ending.traceback.is_empty() {
        return ending.traceback.trim_end().to_string();
    }
    for ScriptFrame { line, function, source } in &ending.frames {
        let place = if function == "<module>" { String::new() } else { format!(", in {function}") };
        let _ = writeln!(text, "testScript, line {line}{place}:\n    {}", source.trim());
    }
    let _ = write!(text, "{}: {}", ending.class, ending.message.trim_end());
    text
}

/// Takes pictures of all screens, for the artefacts.
fn pictures(driver: &Driver) {
    for node in driver.nodes.iter().filter(|node| node.config.vm.graphics) {
        if let (true, Ok(hardware)) = (node.machine.state() != State::Off, node.machine.hardware())
        {
            let file = driver.out_dir.join(format!("at-the-end-{}.png", node.variable));
            // One picture more or less is no second failure.
            let _ = hardware.screenshot(&file);
        }
    }
}

/// What a machine has to say.
#[derive(Default)]
struct Said {
    /// Units that have failed, each with its last words.
    units: String,
    /// Its state and the last lines of its console.
    console: String,
}

/// Asks all machines at once.
fn ask_machines(driver: &Driver) -> Vec<(String, Said)> {
    std::thread::scope(|scope| {
        let running: Vec<_> = driver.all().map(|node| (node, scope.spawn(|| ask(node)))).collect();
        let told = running.into_iter();
        told.map(|(node, thread)| (node.name.clone(), thread.join().unwrap_or_default())).collect()
    })
}

fn ask(node: &Node) -> Said {
    let mut said = Said::default();
    let state = match node.machine.state() {
        State::Off => "off",
        State::Booting => "still booting",
        State::Up => "running",
    };
    let _ = writeln!(said.console, "state: {state}");
    if node.machine.state() == State::Up {
        let output = node.machine.agent().exec(FAILED_UNITS, Some(QUESTION_LIMIT));
        let units = output.map(|output| String::from_utf8_lossy(&output.output).into_owned());
        said.units = units.unwrap_or_default().trim_end().to_owned();
    }
    let lines = node.machine.console().last_lines(CONSOLE_LINES);
    if !lines.is_empty() {
        let lines = lines.join("\n  ");
        let _ = writeln!(said.console, "last lines of its console:\n  {lines}");
    }
    said
}

/// Each failed unit with its latest log lines; nothing but bash and systemd may be there.
const FAILED_UNITS: &str = "journalctl --sync 2>/dev/null; systemctl list-units --state=failed --plain --no-legend --no-pager \
    2>/dev/null | while read -r unit rest; do echo \"$unit\"; \
    journalctl --no-pager -o cat -n 10 -u \"$unit\" 2>/dev/null \
    | while IFS= read -r line; do echo \"  $line\"; done; done";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_show_only_the_script() {
        let frame = |line, function: &str, source: &str| ScriptFrame {
            line,
            function: function.into(),
            source: source.into(),
        };
        let ending = Ending {
            class: "RequestedAssertionFailed".into(),
            message: "server: command `false` failed (exit code 1)\nit wrote nothing".into(),
            frames: vec![
                frame(7, "<module>", "check(server)"),
                frame(3, "check", "  m.succeed(\"false\")"),
            ],
            traceback: "Traceback: internals".into(),
            ..Ending::default()
        };
        let expected = "testScript, line 7:\n    check(server)\ntestScript, line 3, in check:\n    \
                        m.succeed(\"false\")\nRequestedAssertionFailed: server: command `false` failed \
                        (exit code 1)\nit wrote nothing";
        assert_eq!(script_failure(&ending), expected);
        let other = Ending { class: "KeyError".into(), ..ending };
        assert_eq!(script_failure(&other), "Traceback: internals");
    }
}
