//! Errors at the top of the program, and the exit statuses they become.

use firn_build::DISK_FULL;
use firn_store_disk::{disk_full_help, full_disk_of};
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
            let text = format!("{}{}", self.message, help_of_text(&self.message));
            anstream::eprintln!("{}", crate::progress::last_words(&text));
        }
    }

    /// Prints the message to standard error and gives the exit status.
    pub fn report(self) -> ExitCode {
        if self.message.contains("Broken pipe") && reader_is_gone() {
            // As a signal would have ended it: whoever reads no further has read enough.
            return ExitCode::from(128 + 13);
        }
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
        if let Some(place) = full_disk_of(&error)
            && !message.contains(DISK_FULL)
        {
            message += &disk_full_help(&place.unwrap_or_else(std::env::temp_dir));
        }
        Failure::new(message)
    }
}

/// Whether standard output is a pipe that nobody reads from any more.
fn reader_is_gone() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let stdout = std::io::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut watched, Some(&now)).is_ok() && watched[0].revents().contains(PollFlags::ERR)
}

/// What to do where a text ends with a full disk that nobody has explained on its way here: errors reach
/// the program through traces of evaluation and logs of builds.
fn help_of_text(message: &str) -> String {
    const FULL: &str = "No space left on device";
    let Some((before, _)) = message.rsplit_once(FULL).filter(|_| !message.contains(DISK_FULL))
    else {
        return String::new();
    };
    let quoted = before.rsplit('\'').find(|text| text.starts_with('/'));
    let place = quoted.map_or_else(std::env::temp_dir, std::path::PathBuf::from);
    // The kernel says the same of other things that run out, such as watches and namespaces.
    if firn_store_disk::is_disk_full(&place) { disk_full_help(&place) } else { String::new() }
}
