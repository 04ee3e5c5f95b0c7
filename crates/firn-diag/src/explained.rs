//! The error of crates that need no more than a sentence: what went wrong, where, and what to do.

use std::fmt;
use std::path::Path;

/// A failure told in a sentence, with advice where there is some.
#[derive(Debug)]
pub struct Error {
    message: String,
    help: Option<String>,
}

/// A result with such an error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with the sentence that a user reads.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// An error of the operating system at `path`; `action` says what was tried ("read", "create").
    pub fn io(action: &str, path: &Path, err: &std::io::Error) -> Self {
        Self::new(format!("cannot {action} '{}': {err}", path.display()))
    }

    /// The same error with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error, said to have happened in `place`.
    #[must_use]
    pub fn within(mut self, place: impl fmt::Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// What to do about it, where that is known.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
