//! Storing equal contents once: hard links to files in `.links`, named by the hash of their archive.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use firn_formats::{Hash, HashAlgo, Hasher, nar};
use firn_store::{StoreError, StoreResult};

use crate::config::Layout;

/// What linking saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptimiseStats {
    /// Files that became links to another.
    pub files_linked: u64,
    /// Bytes they used before.
    pub bytes_freed: u64,
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Links every regular file below `path` with its equal in the folder of links.
pub fn optimise_path(layout: &Layout, path: &Path) -> StoreResult<OptimiseStats> {
    let links = layout.links();
    fs::create_dir_all(&links).map_err(StoreError::io("create", &links))?;
    let mut stats = OptimiseStats::default();
    let mut pending = vec![path.to_path_buf()];
    while let Some(path) = pending.pop() {
        let meta = fs::symlink_metadata(&path).map_err(StoreError::io("read", &path))?;
        if meta.is_dir() {
            for entry in fs::read_dir(&path).map_err(StoreError::io("list", &path))? {
                pending.push(entry.map_err(StoreError::io("list", &path))?.path());
            }
        } else if meta.is_file() && meta.permissions().mode() & 0o222 == 0 {
            link_file(layout, &links, &path, &meta, &mut stats)?;
        }
    }
    Ok(stats)
}

fn link_file(
    layout: &Layout,
    links: &Path,
    path: &Path,
    meta: &fs::Metadata,
    stats: &mut OptimiseStats,
) -> StoreResult<()> {
    let name = file_hash(path)?.nix32();
    let link = links.join(name);
    loop {
        let shared = match fs::symlink_metadata(&link) {
            Ok(shared) => shared,
            Err(e) if e.kind() == io::ErrorKind::NotFound => match fs::hard_link(path, &link) {
                Ok(()) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                // The file system can't hold more links: each file may stay on its own.
                Err(_) => return Ok(()),
            },
            Err(e) => return Err(StoreError::io("read", &link)(e)),
        };
        if shared.ino() == meta.ino() {
            return Ok(());
        }
        if shared.len() != meta.len() {
            // A crash cut it short: it must not spread.
            fs::remove_file(&link).map_err(StoreError::io("delete", &link))?;
            continue;
        }
        return replace(layout, &link, path, meta, stats);
    }
}

/// Replaces `path` by a link in one step. Its folder is read-only, so it is opened for a moment.
fn replace(
    layout: &Layout,
    link: &Path,
    path: &Path,
    meta: &fs::Metadata,
    stats: &mut OptimiseStats,
) -> StoreResult<()> {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!(".tmp-link-{}-{number}", std::process::id());
    let temporary = layout.real_store.join(name);
    if fs::hard_link(link, &temporary).is_err() {
        return Ok(());
    }
    let folder = path.parent().filter(|p| *p != layout.real_store);
    let restore = folder.map(open_for_writing).transpose()?.flatten();
    let renamed = fs::rename(&temporary, path);
    if let (Some(folder), Some(mode)) = (folder, restore) {
        close_for_writing(folder, mode)?;
    }
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary);
        return Ok(());
    }
    stats.files_linked += 1;
    if meta.nlink() == 1 {
        stats.bytes_freed += meta.len();
    }
    Ok(())
}

fn open_for_writing(folder: &Path) -> StoreResult<Option<u32>> {
    let meta = fs::symlink_metadata(folder).map_err(StoreError::io("read", folder))?;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o200 == 0 && !rustix::process::geteuid().is_root() {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode | 0o200))
            .map_err(StoreError::io("change", folder))?;
    }
    Ok(Some(mode))
}

fn close_for_writing(folder: &Path, mode: u32) -> StoreResult<()> {
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode))
            .map_err(StoreError::io("change", folder))?;
    }
    let time = rustix::fs::Timespec { tv_sec: 1, tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    let flags = rustix::fs::AtFlags::empty();
    rustix::fs::utimensat(rustix::fs::CWD, folder, &times, flags)
        .map_err(|e| StoreError::io("set the time of", folder)(e.into()))
}

/// SHA-256 of the archive of one file, which is the name of its link.
pub(crate) fn file_hash(path: &Path) -> StoreResult<Hash> {
    let mut out = io::BufWriter::with_capacity(64 * 1024, Hasher::new(HashAlgo::Sha256));
    nar::dump_path(path, &mut out)?;
    let hasher = out.into_inner().map_err(|e| StoreError::io("hash", path)(e.into_error()))?;
    Ok(hasher.finish())
}

/// Removes links that nothing else uses, and says how many bytes linking saves now.
pub(crate) fn clean_links(layout: &Layout) -> StoreResult<i64> {
    let links: PathBuf = layout.links();
    let mut saved = 0i64;
    let entries = match fs::read_dir(&links) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(StoreError::io("list", &links))?,
    };
    for entry in entries {
        let path = entry.map_err(StoreError::io("list", &links))?.path();
        let meta = match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(StoreError::io("read", &path))?,
        };
        if meta.nlink() == 1 {
            let _ = fs::remove_file(&path);
        } else {
            saved += (meta.nlink() as i64 - 2) * meta.len() as i64;
        }
    }
    Ok(saved)
}
