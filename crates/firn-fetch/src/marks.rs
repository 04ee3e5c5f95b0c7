//! What the file system says of a file: enough to tell that it is still the same, so that nobody reads and hashes it
//! again.
//!
//! As with Git's index ("racy Git"), what was changed a moment ago proves nothing: a file may change twice while the
//! clock of the file system stands still. Only what is settled may be remembered.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long ago the last change has to be for it to prove something. File systems count in seconds at worst; FAT counts
/// in pairs of them.
const SETTLED: Duration = Duration::from_secs(3);

/// The marks of one file: its mode, device, inode and size, and the times of its last changes. The time of the last
/// change of the inode (`ctime`) can't be set by those who write files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks([u64; 8]);

impl Marks {
    /// The marks in what the file system said.
    pub fn of(metadata: &Metadata) -> Marks {
        Marks([
            u64::from(metadata.mode()),
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            metadata.mtime() as u64,
            metadata.mtime_nsec() as u64,
            metadata.ctime() as u64,
            metadata.ctime_nsec() as u64,
        ])
    }

    /// The marks as bytes, to be hashed.
    pub fn bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (place, number) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *place = number.to_le_bytes();
        }
        bytes
    }

    /// The device of the file system.
    pub fn device(&self) -> u64 {
        self.0[1]
    }

    /// The size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.0[3]
    }

    /// The last change since 1970, rounded up to a second.
    pub fn last_change(&self) -> Duration {
        let rounded_up = |seconds: u64| u64::try_from(seconds as i64).unwrap_or(0) + 1;
        Duration::from_secs(rounded_up(self.0[4]).max(rounded_up(self.0[6])))
    }
}

/// Magic numbers of file systems that note each change (statfs(2)): ext, XFS, Btrfs, F2FS, bcachefs, ZFS, JFS, those in
/// memory, overlays of such, and those that nobody writes to (EROFS, SquashFS, ISO 9660). What others say is not relied on:
/// those the kernel makes up (`/proc`, `/sys`) have old times and new content, and over a network times may come late.
const NOTING: [u64; 13] = [
    0xef53,
    0x5846_5342,
    0x9123_683e,
    0xf2f5_2010,
    0xca45_1a4e,
    0x2fc1_2fc1,
    0x3153_464a,
    0x0102_1994,
    0x8584_58f6,
    0x794c_7630,
    0xe0f5_e1e2,
    0x7371_7368,
    0x9660,
];

/// Whether the file system of what is at a path notes each change.
pub fn notes_changes(path: &Path) -> bool {
    rustix::fs::statfs(path).is_ok_and(|system| NOTING.contains(&(system.f_type as u64)))
}

/// Whether a last change lies so far back at a time that what is read then is what the marks stand for.
pub fn is_settled(last_change: Duration, now: SystemTime) -> bool {
    last_change + SETTLED < now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_makes_up_notes_no_changes() {
        assert!(!notes_changes(Path::new("/proc/version")));
        assert!(!notes_changes(Path::new("/nothing/here")));
    }
}
