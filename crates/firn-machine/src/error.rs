//! What can go wrong with a machine.

use std::fmt;
use std::io;

/// An error of a machine, its network or its agent, told as a sentence for the person who runs the test.
#[derive(Debug)]
pub struct MachineError {
    /// What kind of trouble it is.
    pub kind: ErrorKind,
    /// What failed, where and why.
    pub message: String,
}

/// Kinds of trouble that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The machine stopped, or its agent is gone.
    Gone,
    /// Something took longer than its limit.
    Timeout,
    /// This kind of machine can't do that.
    Unsupported,
    /// The environment lacks something (a device, a permission, a program).
    Environment,
    /// The machine refused or failed the operation.
    Failed,
}

/// Result with a [`MachineError`].
pub type Result<T> = std::result::Result<T, MachineError>;

impl MachineError {
    /// An error of `kind` with its sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The machine or its agent is gone.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Gone, message)
    }

    /// A limit passed.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, message)
    }

    /// Not possible with this kind of machine; `way_out` says what to do instead.
    pub fn unsupported(what: &str, way_out: &str) -> Self {
        Self::new(ErrorKind::Unsupported, format!("{what}; {way_out}"))
    }
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for MachineError {}

impl From<io::Error> for MachineError {
    fn from(error: io::Error) -> Self {
        Self::new(ErrorKind::Environment, error.to_string())
    }
}

/// Adds what was being done to a plain I/O error.
pub trait Context<T> {
    /// Prefixes the error with what was being done.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| {
            MachineError::new(ErrorKind::Environment, format!("{}: {error}", what()))
        })
    }
}
