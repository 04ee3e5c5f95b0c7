//! What goes to standard output: data, which looks nicer on a terminal.

use std::io::IsTerminal;

use crate::program;

/// Whether standard output may have colours.
pub fn is_styled() -> bool {
    // The reference colours what it prints wherever it goes, and those who call it read it so.
    if program::is_called("nix") {
        return true;
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    std::io::stdout().is_terminal()
        && variable("NO_COLOR").is_none()
        && variable("TERM").is_none_or(|term| term != "dumb")
}

/// A text of several lines, each behind its indentation.
pub fn indented(first: &str, others: &str, text: &str) -> String {
    let mut result = String::new();
    for (index, line) in text.lines().enumerate() {
        let indent = if index == 0 { first } else { others };
        result += format!("{indent}{line}").trim_end();
        result.push('\n');
    }
    result
}
