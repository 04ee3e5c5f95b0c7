//! The one error of this crate: a message that says what was malformed and why.

use std::fmt;

/// A text or byte stream does not follow its format.
///
/// Callers add the place (file, option, url) when they turn it into a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    message: Box<str>,
}

impl FormatError {
    /// An error with `message`, a lower-case sentence without a final stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into().into_boxed_str() }
    }

    /// The message as given.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error with `prefix` before its message: where it happened.
    #[must_use]
    pub fn context(self, prefix: impl fmt::Display) -> Self {
        Self::new(format!("{prefix}: {}", self.message))
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FormatError {}

/// Builds a [`FormatError`] from a format string.
macro_rules! err {
    ($($arg:tt)*) => { $crate::FormatError::new(format!($($arg)*)) };
}
pub(crate) use err;
