//! Full disks, in words for users.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use firn_store::{StoreError, disk_full_advice};

/// The line that follows a message about a full disk: which, how much room it has, and what to do. `place` is a
/// file or folder on it, which need not exist.
pub fn disk_full_help(place: &Path) -> String {
    let folder = folder_of(place);
    format!("\nhelp: {}", disk_full_advice(folder, free_and_all(folder)))
}

/// Whether so little is left on the disk of a file or folder, which need not exist, that it counts as full: less
/// than 8 MiB, as the reference judges.
pub fn is_disk_full(place: &Path) -> bool {
    free_and_all(folder_of(place)).is_some_and(|(free, _)| free < 8 << 20)
}

/// The innermost folder that exists.
fn folder_of(place: &Path) -> &Path {
    place.ancestors().find(|path| path.is_dir()).unwrap_or(place)
}

/// Bytes that are free for users on a folder's disk, and all that it has.
fn free_and_all(folder: &Path) -> Option<(u64, u64)> {
    let space = rustix::fs::statvfs(folder).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
    Some((bytes(space.f_bavail), bytes(space.f_blocks)))
}

/// Whether an error, or what caused it, is a full disk; with the place where that is known.
pub fn full_disk_of(error: &(dyn Error + 'static)) -> Option<Option<PathBuf>> {
    let is_full = |error: &io::Error| error.kind() == io::ErrorKind::StorageFull;
    let (mut place, mut next) = (None, Some(error));
    while let Some(cause) = next {
        next = cause.source();
        if let Some(StoreError::Io { path, .. }) = cause.downcast_ref() {
            place = Some(path.clone());
        }
        if cause.downcast_ref().is_some_and(is_full) {
            return Some(place);
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn full_disks_are_found_below_other_errors() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let of_store = StoreError::io("write", "/s/x")(full());
        assert_eq!(full_disk_of(&of_store), Some(Some("/s/x".into())));
        assert_eq!(
            full_disk_of(&StoreError::Callback(Box::new(of_store))),
            Some(Some("/s/x".into()))
        );
        assert_eq!(full_disk_of(&full()), Some(None));
        assert_eq!(full_disk_of(&StoreError::other("other")), None);
        let help = disk_full_help(Path::new("/proc/no/such/folder"));
        assert!(help.starts_with("\nhelp: the disk is full that holds '/proc' ("), "{help}");
    }
}
