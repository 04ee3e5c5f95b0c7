//! Why a fetch failed.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// The kind of a failure, for those who decide what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The url can't be understood or its scheme is not supported.
    BadUrl,
    /// The host could not be reached or stopped answering.
    Unreachable,
    /// The server says that there is no such file (404, 410), or the local file is missing.
    NotFound,
    /// The server refuses (401, 403, 407).
    Denied,
    /// The server answered with another error.
    Server,
    /// The certificate or the TLS handshake is not acceptable.
    Tls,
    /// A local file could not be read or written.
    Local,
    /// The same, because its disk is full.
    DiskFull,
    /// The user asked to stop.
    Interrupted,
    /// An archive is broken or tries something that it must not.
    Archive,
    /// The content has another hash than expected.
    Changed,
}

/// A failed fetch: what, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    /// The kind.
    pub reason: Reason,
    /// What happened, with the url.
    pub message: String,
    /// What the user can do, if there is something.
    pub help: Option<String>,
}

impl FetchError {
    /// An error without help.
    pub fn new(reason: Reason, message: impl Into<String>) -> FetchError {
        FetchError { reason, message: message.into(), help: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> FetchError {
        self.help = Some(text.into());
        self
    }

    pub(crate) fn local(what: impl fmt::Display, error: &io::Error) -> FetchError {
        FetchError::local_at(what, error, None)
    }

    /// The same, with the file or folder on whose disk there may be no room.
    pub(crate) fn local_at(
        what: impl fmt::Display,
        error: &io::Error,
        place: Option<&Path>,
    ) -> FetchError {
        let message = format!("{what}: {error}");
        if error.kind() != io::ErrorKind::StorageFull {
            return FetchError::new(Reason::Local, message);
        }
        let temporary = std::env::temp_dir();
        FetchError::new(Reason::DiskFull, message)
            .help(disk_full_advice(place.unwrap_or(&temporary)))
    }

    /// Whether it makes no sense to look for the file elsewhere.
    pub(crate) fn ends_everything(&self) -> bool {
        matches!(self.reason, Reason::Local | Reason::DiskFull | Reason::Interrupted)
    }
}

/// What to do about the full disk of a file.
fn disk_full_advice(file: &Path) -> String {
    let folder = if file.is_dir() { file } else { file.parent().unwrap_or(file) };
    let space = rustix::fs::statvfs(folder).ok();
    let bytes = space
        .map(|s| (s.f_bavail.saturating_mul(s.f_frsize), s.f_blocks.saturating_mul(s.f_frsize)));
    firn_store::disk_full_advice(folder, bytes)
}

/// Where an open file lies, if it has a name.
pub(crate) fn place_of(file: &File) -> Option<PathBuf> {
    let link = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::read_link(link).ok().filter(|path| path.parent().is_some_and(Path::is_dir))
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FetchError {}
