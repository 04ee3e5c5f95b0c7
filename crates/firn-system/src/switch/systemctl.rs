//! Talks to the service manager through its own program.

use crate::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where it is.
pub const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// Names of all units that are active or about to be.
///
/// # Errors
/// When systemd can't be asked.
pub fn active_units() -> Result<Vec<String>> {
    let output = output(&["list-units", "--full", "--plain", "--no-legend", "--no-pager"])?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<String> = text.lines().filter_map(active_unit).collect();
    names.sort();
    Ok(names)
}

/// A line is: name, load state, active state, sub state, description.
fn active_unit(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let state = words.nth(1)?;
    matches!(state, "active" | "activating" | "reloading").then(|| name.to_owned())
}

/// Does something to units.
///
/// # Errors
/// When it fails for one of them.
pub fn on(verb: &str, units: &[String]) -> Result<()> {
    let mut arguments = vec![verb, "--"];
    arguments.extend(units.iter().map(String::as_str));
    run(&arguments)
}

/// Runs systemctl.
///
/// # Errors
/// When it fails.
pub fn run(arguments: &[&str]) -> Result<()> {
    succeed(Command::new(SYSTEMCTL).args(arguments))
}

/// Runs a command.
///
/// # Errors
/// When it fails.
pub fn succeed(command: &mut Command) -> Result<()> {
    let program = PathBuf::from(command.get_program());
    let status = command.status().map_err(|err| Error::io("run", &program, &err))?;
    if status.success() {
        return Ok(());
    }
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    Err(Error::new(format!("{name} {} failed ({status})", arguments.join(" "))))
}

/// Of these units, those that have failed.
pub fn failed_of(units: &[String]) -> Vec<String> {
    let Ok(output) = output(&["list-units", "--failed", "--full", "--plain", "--no-legend"]) else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = text.lines().filter_map(|line| line.split_whitespace().next());
    failed
        .filter(|name| units.iter().any(|unit| unit == name))
        .map(|name| format!("{name} failed; see it with: systemctl status {name}"))
        .collect()
}

fn output(arguments: &[&str]) -> Result<Output> {
    Command::new(SYSTEMCTL)
        .args(arguments)
        .output()
        .map_err(|err| Error::io("run", Path::new(SYSTEMCTL), &err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_list_units_are_read() {
        assert_eq!(active_unit("a.service loaded active running A").as_deref(), Some("a.service"));
        assert_eq!(active_unit("b.service loaded inactive dead B"), None);
    }
}
