//! Locks on files, as the reference takes them.
//!
//! Source: the protocol is that of `<path>.lock` files: `flock`, and a lock file that is not empty
//! has been deleted by its owner.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use firn_store::{StoreError, StoreResult};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

/// How a lock is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// Several may hold it.
    Shared,
    /// One may hold it.
    Exclusive,
}

/// Opens a lock file, which is made if it is missing.
pub fn open_lock_file(path: &Path) -> StoreResult<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io("open the lock file", path))
}

/// Takes the lock, waiting for others.
pub fn lock(file: &File, kind: LockKind, path: &Path) -> StoreResult<()> {
    let operation = match kind {
        LockKind::Shared => FlockOperation::LockShared,
        LockKind::Exclusive => FlockOperation::LockExclusive,
    };
    loop {
        match flock(file, operation) {
            Err(Errno::INTR) => {}
            other => return other.map_err(|e| StoreError::io("lock", path)(e.into())),
        }
    }
}

/// Takes the lock if nobody holds it.
pub fn try_lock(file: &File, kind: LockKind, path: &Path) -> StoreResult<bool> {
    let operation = match kind {
        LockKind::Shared => FlockOperation::NonBlockingLockShared,
        LockKind::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    loop {
        match flock(file, operation) {
            Ok(()) => return Ok(true),
            Err(Errno::AGAIN) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(e) => return Err(StoreError::io("lock", path)(e.into())),
        }
    }
}

/// Lets the lock go without closing the file.
pub fn unlock(file: &File) {
    // Unlocking what is open can't fail in a way that anyone could mend.
    let _ = flock(file, FlockOperation::Unlock);
}

/// Exclusive locks on store paths, held until this is dropped.
///
/// Whoever writes to a path that is not valid holds its lock.
#[derive(Debug)]
pub struct PathLocks {
    held: Vec<(File, PathBuf)>,
}

impl PathLocks {
    /// Locks all of `paths` (real paths, without `.lock`), waiting for others.
    ///
    /// Locks are taken in the order of the paths, so that two callers can't block each other.
    pub fn take(paths: &[PathBuf]) -> StoreResult<Self> {
        Self::take_all(paths, true).map(|locks| locks.unwrap_or(Self { held: Vec::new() }))
    }

    /// As [`PathLocks::take`], but `None` if another holds one of them.
    pub fn try_take(paths: &[PathBuf]) -> StoreResult<Option<Self>> {
        Self::take_all(paths, false)
    }

    fn take_all(paths: &[PathBuf], wait: bool) -> StoreResult<Option<Self>> {
        let mut paths = paths.to_vec();
        paths.sort();
        paths.dedup();
        let mut locks = Self { held: Vec::new() };
        for path in paths {
            let mut name = path.into_os_string();
            name.push(".lock");
            let path = PathBuf::from(name);
            match take_one(&path, wait)? {
                Some(file) => locks.held.push((file, path)),
                None => return Ok(None),
            }
        }
        Ok(Some(locks))
    }
}

fn take_one(path: &Path, wait: bool) -> StoreResult<Option<File>> {
    loop {
        let file = open_lock_file(path)?;
        if wait {
            lock(&file, LockKind::Exclusive, path)?;
        } else if !try_lock(&file, LockKind::Exclusive, path)? {
            return Ok(None);
        }
        let meta = file.metadata().map_err(StoreError::io("read the lock file", path))?;
        // Not empty: its last owner unlinked it, and others may have made a new one.
        if meta.len() == 0 {
            return Ok(Some(file));
        }
    }
}

impl Drop for PathLocks {
    fn drop(&mut self) {
        for (file, path) in &mut self.held {
            // Unlink before marking it stale, so that nobody locks a file that goes away. A lock
            // file left behind does no harm.
            let _ = std::fs::remove_file(path);
            let _ = file.write_all(b"d");
        }
    }
}
