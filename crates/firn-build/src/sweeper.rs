//! Clearing up after builds, beside the builds that follow.
//!
//! A build's folders hold a mount point for each path of its closure. Where a file system tells its disk of
//! every block that becomes free (ext4 with `discard`), removing hundreds of folders takes as long as a
//! small test, all of it waiting.

use crate::ids::UserSlot;
use crate::scratch::Scratch;
use firn_store_disk::PathLocks;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

/// What a build leaves. Nobody builds the same as long as its folders are there: the locks go last.
pub struct Leftovers {
    /// Its folders, if it came that far.
    pub scratch: Option<Scratch>,
    /// Its user ids.
    pub slot: Option<UserSlot>,
    /// The locks of its outputs.
    pub locks: PathLocks,
}

impl Leftovers {
    fn remove(self) {
        drop(self.scratch);
        drop(self.slot);
        drop(self.locks);
    }
}

/// Removes what builds leave.
#[derive(Debug, Default)]
pub struct Sweeper(Mutex<Vec<JoinHandle<()>>>);

impl Sweeper {
    /// Starts to remove it.
    pub fn sweep(&self, leftovers: Leftovers) {
        // Where no thread can be had, it is removed here and now, as the closure is dropped.
        let thread = std::thread::Builder::new().name("sweep".into());
        if let Ok(thread) = thread.spawn(move || leftovers.remove()) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
    }

    /// Waits until all is removed.
    pub fn finish(&self) {
        let threads = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic there is a bug that the thread has told of.
            let _ = thread.join();
        }
    }
}
