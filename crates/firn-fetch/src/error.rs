//! Why a fetch failed.

use std::fmt;

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

    pub(crate) fn local(what: impl fmt::Display, error: &std::io::Error) -> FetchError {
        let full = error.kind() == std::io::ErrorKind::StorageFull;
        let made = FetchError::new(Reason::Local, format!("{what}: {error}"));
        if full {
            made.help("the disk is full: free some space (nix-collect-garbage) and try again")
        } else {
            made
        }
    }
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
