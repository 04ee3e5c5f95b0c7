//! Failed builds, and the exit status they give.

use firn_formats::StorePath;
use firn_store::StoreError;
use firn_store_disk::{disk_full_help, full_disk_of};
use std::fmt;

/// Why a build failed (the reference's build result status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The builder failed, and would again.
    Permanent,
    /// It failed, but might not another time: network, disk full, local trouble.
    Transient,
    /// It took too long or was silent for too long.
    TimedOut,
    /// It wrote too much log.
    LogLimit,
    /// A fixed output has another hash.
    HashMismatch,
    /// Its outputs are not what they must be.
    OutputRejected,
    /// Built again it gave something else.
    NotDeterministic,
    /// This machine can't build it.
    InputRejected,
    /// Something it needs failed.
    Dependency,
    /// Several wanted things failed, which are told before.
    Several,
    /// It was given up because of something else.
    Cancelled,
    /// Anything else, such as an unreadable store.
    Misc,
}

/// One failed build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildFailure {
    /// The derivation, or the path that could not be substituted.
    pub path: StorePath,
    /// Why.
    pub kind: FailureKind,
    /// For the user: what, where, why, and what to do.
    pub message: String,
}

impl BuildFailure {
    /// A failure with its message.
    pub fn new(path: &StorePath, kind: FailureKind, message: impl Into<String>) -> BuildFailure {
        BuildFailure { path: path.clone(), kind, message: message.into() }
    }

    /// A failure of the store or the system around the build.
    pub fn store(path: &StorePath, error: &StoreError) -> BuildFailure {
        let mut message = error.to_string();
        let full = full_disk_of(error);
        if let Some(Some(place)) = &full
            && !message.contains(DISK_FULL)
        {
            message += &disk_full_help(place);
        }
        let kind = if full.is_some() { FailureKind::Transient } else { FailureKind::Misc };
        BuildFailure::new(path, kind, message)
    }
}

/// What stands in every message that says what to do about a full disk.
pub const DISK_FULL: &str = "help: the disk is full";

/// All failures of one request. With `keep_going` the root causes come first, then what could not be built for them;
/// else what ended everything comes last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildFailures(pub Vec<BuildFailure>);

impl BuildFailures {
    /// The exit status of the programs (manual, `nix-build`, "Special exit codes for build
    /// failure"): 100, with bits for time-outs (101), hash mismatches (102) and differing checks
    /// (104); 1 for everything else.
    pub fn exit_status(&self) -> u8 {
        let mut status = 0;
        for failure in &self.0 {
            status |= match failure.kind {
                FailureKind::Permanent | FailureKind::OutputRejected => 100,
                FailureKind::TimedOut => 101,
                FailureKind::HashMismatch => 102,
                FailureKind::NotDeterministic => 104,
                _ => 0,
            };
        }
        if status == 0 { 1 } else { status }
    }
}

impl fmt::Display for BuildFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, failure) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\nerror: ")?;
            }
            f.write_str(&failure.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildFailures {}

/// How the errors travel through [`firn_store::Realise`]: unchanged inside
/// [`StoreError::Callback`], so that the front can find the exit status.
impl From<BuildFailures> for StoreError {
    fn from(failures: BuildFailures) -> Self {
        StoreError::Callback(Box::new(failures))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn exit_status() {
        use FailureKind as K;
        let path = StorePath::new("00000000000000000000000000000000-x.drv").unwrap();
        let cases: [(&[K], u8); 7] = [
            (&[K::Permanent], 100),
            (&[K::TimedOut], 101),
            (&[K::HashMismatch], 102),
            (&[K::NotDeterministic], 104),
            (&[K::TimedOut, K::HashMismatch, K::Dependency], 103),
            (&[K::Transient], 1),
            (&[K::Dependency], 1),
        ];
        for (kinds, status) in cases {
            let all = kinds.iter().map(|k| BuildFailure::new(&path, *k, "")).collect();
            assert_eq!(BuildFailures(all).exit_status(), status, "{kinds:?}");
        }
    }
}
