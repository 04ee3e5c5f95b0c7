//! What goes wrong with stores.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use firn_formats::{FormatError, nar::NarError};

/// Result of a store operation.
pub type StoreResult<T, E = StoreError> = Result<T, E>;

/// A store operation failed.
#[derive(Debug)]
pub enum StoreError {
    /// The path is not in this store; holds its full text form.
    NotValid(String),
    /// Text or bytes against their format.
    Format(FormatError),
    /// The operating system refused: what was tried, on which path, and why.
    Io {
        /// What was tried, as in "cannot {action} '{path}'".
        action: &'static str,
        /// The path it was tried on.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// An archive could not be written or read on its way.
    Archive(io::Error),
    /// Content differs from what was declared: path, wanted and found hash as text.
    HashMismatch {
        /// The full path of the object.
        path: String,
        /// The hash declared.
        wanted: String,
        /// The hash of what came.
        found: String,
    },
    /// This kind of store can't do that.
    Unsupported(String),
    /// An error of a caller's own function, carried through unchanged (a path filter).
    Callback(Box<dyn std::error::Error + Send + Sync>),
    /// Anything else, as a message for the user.
    Other(String),
}

impl StoreError {
    /// An error with a message only.
    pub fn other(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }

    /// Wraps an operating-system error: `.map_err(StoreError::io("open", &path))`.
    pub fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

/// What a user can do about the full disk of a folder, with the bytes that are free there and in all where
/// that is known.
pub fn disk_full_advice(folder: &Path, free_and_all: Option<(u64, u64)>) -> String {
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let room = match free_and_all {
        Some((free, all)) => format!(" ({} of {} are free)", mebibytes(free), mebibytes(all)),
        None => String::new(),
    };
    format!(
        "the disk is full that holds '{}'{room}: delete what nobody needs with 'nix store gc', make room by \
         hand, or use a store on another disk with '--store DIR'",
        folder.display()
    )
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotValid(path) => write!(f, "path '{path}' is not valid"),
            Self::Format(error) => error.fmt(f),
            Self::Io { action, path, source } => {
                write!(f, "cannot {action} '{}': {source}", path.display())
            }
            Self::Archive(error) => write!(f, "cannot transfer a NAR archive: {error}"),
            Self::HashMismatch { path, wanted, found } => write!(
                f,
                "hash mismatch importing path '{path}';\n  specified: {wanted}\n  got:       {found}"
            ),
            Self::Unsupported(what) => write!(f, "this store does not support {what}"),
            Self::Callback(error) => error.fmt(f),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Archive(source) => Some(source),
            Self::Format(error) => Some(error),
            Self::Callback(error) => Some(&**error),
            _ => None,
        }
    }
}

impl From<FormatError> for StoreError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<NarError> for StoreError {
    fn from(error: NarError) -> Self {
        match error {
            NarError::File { action, path, source } => Self::Io { action, path, source },
            NarError::Filter(error) => match error.downcast::<StoreError>() {
                Ok(error) => *error,
                Err(error) => Self::Callback(error),
            },
            NarError::Format(error) => Self::Format(error.context("NAR archive is malformed")),
            NarError::Stream(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Self::Other(NarError::Stream(error).to_string())
            }
            NarError::Stream(error) => Self::Archive(error),
        }
    }
}
