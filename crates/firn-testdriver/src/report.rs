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

/// Tells the log why the script failed, and gives the short form.
pub fn failed(driver: &Driver, ending: &Ending) -> String {
    let text = script_failure(ending);
    driver.log.failure(&text);
    pictures(driver);
    machines(driver);
    text
}

/// The same for a test that ran out of time.
pub fn timed_out(driver: &Driver, under_way: &[(String, Option<u32>)], limit: Duration) -> String {
    let mut text = format!("the test took longer than its global timeout of {} s", limit.as_secs());
    let script = std::fs::read_to_string(&driver.config.test_script).unwrap_or_default();
    for (call, line) in under_way {
        let _ = write!(text, "\nwhile it waited in {call}()");
        if let Some(line) = line {
            let source = script.lines().nth(*line as usize - 1).unwrap_or_default();
            let _ = write!(text, "\n  testScript, line {line}:\n    {}", source.trim());
        }
    }
    driver.log.failure(&text);
    machines(driver);
    text
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

/// What the machines have to say: failed units with their logs, and the last lines of their consoles.
fn machines(driver: &Driver) {
    let told: Vec<(String, String)> = std::thread::scope(|scope| {
        let running: Vec<_> =
            driver.all().map(|node| (node, scope.spawn(|| describe(node)))).collect();
        let told = running.into_iter();
        told.map(|(node, thread)| (node.name.clone(), thread.join().unwrap_or_default())).collect()
    });
    for (name, text) in told.iter().filter(|(_, text)| !text.is_empty()) {
        driver.log.failure(&format!("--- {name} ---\n{text}"));
    }
}

fn describe(node: &Node) -> String {
    let mut text = String::new();
    let state = match node.machine.state() {
        State::Off => "off",
        State::Booting => "still booting",
        State::Up => "running",
    };
    let _ = writeln!(text, "state: {state}");
    if node.machine.state() == State::Up {
        let output = node.machine.agent().exec(FAILED_UNITS, Some(QUESTION_LIMIT));
        let units = output.map(|output| String::from_utf8_lossy(&output.output).into_owned());
        let units = units.unwrap_or_default();
        if !units.trim().is_empty() {
            let _ = writeln!(text, "failed units:\n{}", units.trim_end());
        }
    }
    let lines = node.machine.console().last_lines(CONSOLE_LINES);
    if !lines.is_empty() {
        let _ = writeln!(text, "last lines of its console:\n  {}", lines.join("\n  "));
    }
    text
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
