//! What a call of the script can end with, beside a value.

use firn_machine::{ErrorKind, MachineError};

/// An exception for the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Name of the Python class.
    pub class: &'static str,
    /// Its text.
    pub message: String,
}

/// Result of a call.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// An expectation of the test did not hold.
    pub fn assertion(message: impl Into<String>) -> Self {
        Self { class: "RequestedAssertionFailed", message: message.into() }
    }

    /// The machine or its environment failed, not the test's expectation.
    pub fn machine(message: impl Into<String>) -> Self {
        Self { class: "MachineError", message: message.into() }
    }

    /// A call with wrong arguments.
    pub fn arguments(message: impl Into<String>) -> Self {
        Self { class: "TypeError", message: message.into() }
    }

    /// The script's side has an exception of its own waiting.
    pub fn pending() -> Self {
        Self { class: "Pending", message: String::new() }
    }
}

impl From<MachineError> for Failure {
    fn from(error: MachineError) -> Self {
        let class = match error.kind {
            ErrorKind::Timeout => "MachineTimeout",
            _ => "MachineError",
        };
        Self { class, message: error.message }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::machine(error.to_string())
    }
}
