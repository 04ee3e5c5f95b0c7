//! What can go wrong before the program runs.

use std::fmt;
use std::io;

/// Why a sandbox could not be set up, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxError {
    /// What was tried and what happened.
    pub message: String,
    /// What the user can do, if that is known.
    pub help: Option<String>,
    /// The system's error number behind it, if any.
    pub errno: Option<i32>,
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SandboxError {}

impl SandboxError {
    pub(crate) fn new(message: impl Into<String>) -> SandboxError {
        SandboxError { message: message.into(), help: None, errno: None }
    }

    pub(crate) fn os(what: impl fmt::Display, error: &io::Error) -> SandboxError {
        let message = format!("{what}: {}", error_text(error));
        SandboxError { message, help: None, errno: error.raw_os_error() }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> SandboxError {
        self.help = Some(help.into());
        self
    }
}

/// The system's text without Rust's "(os error 1)".
fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

pub(crate) type Result<T> = std::result::Result<T, SandboxError>;

/// Says what was being done when a system call failed.
pub(crate) trait Context<T> {
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Into<io::Error>> Context<T> for std::result::Result<T, E> {
    fn context<D: fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|e| SandboxError::os(what(), &e.into()))
    }
}
