//! User ids for builds, when firn runs as root.
//!
//! As the reference's `auto-allocate-uids`: the range is cut into slots of 65,536 ids, and a slot
//! is taken by locking its file, so that no two builds on the machine have the same user.

use firn_store::{StoreError, StoreResult};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::path::Path;

/// Ids in one slot.
pub const SLOT: u32 = 1 << 16;

/// A slot, held until this is dropped.
#[derive(Debug)]
pub struct UserSlot {
    /// The first of its ids.
    pub first: u32,
    _lock: File,
}

impl UserSlot {
    /// Takes a free slot, `None` when there is none.
    ///
    /// # Errors
    /// When the lock files can't be made.
    pub fn take(state: &Path, start: u32, count: u32) -> StoreResult<Option<UserSlot>> {
        let pool = state.join("userpool2");
        fs::create_dir_all(&pool).map_err(StoreError::io("create the folder", &pool))?;
        for slot in 0..count / SLOT {
            let path = pool.join(format!("slot-{slot}"));
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(StoreError::io("open the lock file", &path))?;
            if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
                return Ok(Some(UserSlot { first: start + slot * SLOT, _lock: file }));
            }
        }
        Ok(None)
    }
}

/// Whether files may be given to these users and groups: root of a user namespace (`unshare --map-root-user`,
/// a container without root) is one among few, and builds there run as any other user's.
pub fn may_give_away(start: u32, count: u32) -> bool {
    let mapped =
        |file| fs::read_to_string(file).is_ok_and(|text| covers(&text, start.into(), count.into()));
    rustix::process::geteuid().is_root()
        && mapped("/proc/self/uid_map")
        && mapped("/proc/self/gid_map")
}

/// Whether one line of an id map (`inside outside count`, user_namespaces(7)) holds the whole range.
fn covers(map: &str, start: u64, count: u64) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        matches!(numbers[..], [first, _, length]
            if first <= start && start + count <= first + length)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_looked_up_in_the_map() {
        let all = "         0          0 4294967295\n";
        assert!(covers(all, 0x3400_0000, 0x80_0000));
        assert!(!covers("0 1000 1\n", 0x3400_0000, SLOT.into()));
        assert!(!covers("0 1000 1\n1 100000 65536\n", 60_000, SLOT.into()));
        assert!(covers("0 1000 1\n1 100000 65536\n", 1, SLOT.into()));
        assert!(!covers("", 0, 1));
    }

    #[test]
    fn slots_are_exclusive_and_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let take = || UserSlot::take(dir.path(), 1000, 2 * SLOT).unwrap();
        let (a, b) = (take().unwrap(), take().unwrap());
        assert_eq!((a.first, b.first), (1000, 1000 + SLOT));
        assert!(take().is_none());
        drop(a);
        assert_eq!(take().unwrap().first, 1000);
    }
}
