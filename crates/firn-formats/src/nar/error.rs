//! What goes wrong with archives.

use std::{fmt, io, path::PathBuf};

use crate::FormatError;

/// Reading or writing an archive failed.
#[derive(Debug)]
pub enum NarError {
    /// The bytes are no NAR.
    Format(FormatError),
    /// The stream of the archive failed.
    Stream(io::Error),
    /// A file of the tree failed: what was tried, where, and why.
    File {
        /// What was tried, as in "cannot {action} '{path}'".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// An error of the caller's filter.
    Filter(Box<dyn std::error::Error + Send + Sync>),
}

impl NarError {
    pub(super) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

impl fmt::Display for NarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) => write!(f, "NAR archive is malformed: {error}"),
            Self::Stream(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("NAR archive is malformed: it ends too early")
            }
            Self::Stream(error) => write!(f, "cannot transfer a NAR archive: {error}"),
            Self::File { action, path, source } => {
                write!(f, "cannot {action} '{}': {source}", path.display())
            }
            Self::Filter(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NarError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Format(error) => Some(error),
            Self::Stream(error) | Self::File { source: error, .. } => Some(error),
            Self::Filter(error) => Some(&**error),
        }
    }
}

impl From<FormatError> for NarError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<io::Error> for NarError {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}
