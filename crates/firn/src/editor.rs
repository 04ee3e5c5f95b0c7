//! The user's editor, `$EDITOR`.

use std::process::Command;

use crate::exit::Failure;

/// Opens a file at a line (0 for none in particular); editors that are known to take a line as
/// `+LINE` get it.
///
/// # Errors
/// The editor can't be started.
pub fn open(path: &str, line: u32) -> Result<(), Failure> {
    const WITH_LINE: [&str; 5] = ["emacs", "nano", "vim", "kak", "hx"];
    let editor = std::env::var("EDITOR").unwrap_or_default();
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("cat");
    let mut command = Command::new(program);
    command.args(words);
    if line > 0 && WITH_LINE.iter().any(|name| program.contains(name)) {
        command.arg(format!("+{line}"));
    }
    let status = command.arg(path).status();
    status.map_err(|error| {
        Failure::new(format!("error: cannot start the editor '{program}': {error}"))
    })?;
    Ok(())
}
