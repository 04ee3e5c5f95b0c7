//! Errors at the top of the program, and the exit statuses they become.

use firn_build::DISK_FULL_HELP;
use std::process::ExitCode;

/// Why the program ends without success: a text for standard error, and an exit status.
///
/// Exit statuses follow the reference: 1 for an error, and for failed builds the mask 100 + reason
/// (`nix-store` manual page, "Special exit codes").
#[derive(Debug)]
pub struct Failure {
    message: String,
    status: u8,
    /// The status tells why builds failed.
    of_build: bool,
}

impl Failure {
    /// An error with exit status 1; `message` is complete and may have several lines.
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), status: 1, of_build: false }
    }

    /// The same failure with another exit status.
    pub fn with_status(mut self, status: u8) -> Self {
        self.status = status;
        self
    }

    /// The same failure of builds, with a status that tells why.
    pub fn of_build(self, status: u8) -> Self {
        Failure { of_build: true, ..self.with_status(status) }
    }

    /// The same failure; that of a build with status 1.
    pub fn without_reason(self) -> Self {
        if self.of_build { self.with_status(1) } else { self }
    }

    /// Prints the message to standard error, for who goes on after it.
    pub fn show(&self) {
        if !self.message.is_empty() {
            // Thrown texts may hold colours, which only terminals understand.
            anstream::eprintln!("{}", self.message);
        }
    }

    /// Prints the message to standard error and gives the exit status.
    pub fn report(self) -> ExitCode {
        self.show();
        ExitCode::from(self.status)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message.strip_prefix("error: ").unwrap_or(&self.message))
    }
}

/// Prints what clap has to say: help and version with status 0, mistakes with status 1.
pub fn usage(error: &clap::Error) -> Result<ExitCode, Failure> {
    error.print()?;
    Ok(ExitCode::from(u8::from(error.use_stderr())))
}

impl<E: std::error::Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = format!("error: {error}");
        if is_disk_full(&error) && !message.contains(DISK_FULL_HELP) {
            message += DISK_FULL_HELP;
        }
        Failure::new(message)
    }
}

/// Whether the error, or what caused it, is a full disk.
fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::StorageFull)
    })
}
