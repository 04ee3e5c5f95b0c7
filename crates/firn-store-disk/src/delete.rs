//! Removing trees, read-only folders included.

use std::{
    ffi::{CStr, CString},
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use firn_store::{StoreError, StoreResult};
use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags},
    io::Errno,
};

/// Removes whatever is at `path`, if anything, and returns the bytes that become free.
///
/// Links are removed, never followed. A file that has another hard link is not counted, but for
/// the one in the folder of links.
pub fn delete_path(path: &Path) -> StoreResult<u64> {
    let failed = |e: Errno| StoreError::io("delete", path)(e.into());
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| StoreError::other("a path can't hold a zero byte"))?;
    match remove(fs::CWD, &name) {
        Err(Errno::NOENT) => Ok(0),
        other => other.map_err(failed),
    }
}

fn remove<Fd: AsFd>(parent: Fd, name: &CStr) -> Result<u64, Errno> {
    let stat = fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        fs::unlinkat(&parent, name, AtFlags::empty())?;
        let counted = stat.st_nlink <= 2;
        return Ok(if counted { stat.st_size as u64 } else { 0 });
    }
    let top = open_folder(&parent, name, stat.st_mode)?;
    let freed = empty(top)?;
    fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
    Ok(freed)
}

/// Opens a folder so that its entries can be removed.
fn open_folder<Fd: AsFd>(parent: Fd, name: &CStr, mode: u32) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if mode & 0o700 != 0o700 && !rustix::process::geteuid().is_root() {
        let mode = Mode::from_raw_mode(mode & 0o7777 | 0o700);
        match fs::openat(&parent, name, flags, Mode::empty()) {
            Ok(fd) => {
                fs::fchmod(&fd, mode)?;
                return Ok(fd);
            }
            Err(Errno::ACCESS) => fs::chmodat(&parent, name, mode, AtFlags::empty())?,
            Err(e) => return Err(e),
        }
    }
    fs::openat(&parent, name, flags, Mode::empty())
}

/// Empties a folder. Holds one folder open at a time: hostile builds nest folders deeply.
fn empty(top: OwnedFd) -> Result<u64, Errno> {
    let mut freed = 0;
    let mut open: Vec<(Vec<CString>, CString)> = Vec::new();
    let mut entries = list(&top)?;
    let mut fd = top;
    loop {
        let Some(name) = entries.pop() else {
            let Some((outer, name)) = open.pop() else {
                return Ok(freed);
            };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            fd = fs::openat(&fd, c"..", flags, Mode::empty())?;
            fs::unlinkat(&fd, &*name, AtFlags::REMOVEDIR)?;
            entries = outer;
            continue;
        };
        let stat = fs::statat(&fd, &*name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            fd = open_folder(&fd, &name, stat.st_mode)?;
            let inner = list(&fd)?;
            open.push((std::mem::replace(&mut entries, inner), name));
        } else {
            fs::unlinkat(&fd, &*name, AtFlags::empty())?;
            if stat.st_nlink <= 2 {
                freed += stat.st_size as u64;
            }
        }
    }
}

fn list(fd: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(fd)? {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    Ok(names)
}
