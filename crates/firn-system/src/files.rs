//! File operations that say where they failed, and that never leave a half-written file behind.

use crate::{Error, Result};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Makes a folder and those above it.
///
/// # Errors
/// When one of them can't be made.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|err| Error::io("create the folder", path, &err))
}

/// Makes a folder with an access mode, or gives an existing one that mode.
///
/// # Errors
/// When it can't be made or changed.
pub fn make_folder_mode(path: &Path, mode: u32) -> Result<()> {
    make_folder(path)?;
    set_mode(path, mode)
}

/// Sets the access mode.
///
/// # Errors
/// When it can't be set.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|err| Error::io("set the mode of", path, &err))
}

/// Reads a text.
///
/// # Errors
/// When it can't be read or is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|err| Error::io("read", path, &err))
}

/// Reads a text; nothing when the file is not there.
///
/// # Errors
/// When it is there but can't be read.
pub fn read_text_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(Error::io("read", path, &err)),
    }
}

/// Writes a file in one step: readers see the old content or the new. The folder must be there.
///
/// # Errors
/// When it can't be written.
pub fn write_atomic(path: &Path, content: &[u8], mode: u32) -> Result<()> {
    let fresh = beside(path);
    let _ = fs::remove_file(&fresh);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)
        .and_then(|mut file| file.write_all(content));
    written.map_err(|err| Error::io("write", &fresh, &err))?;
    set_mode(&fresh, mode)?;
    replace(&fresh, path)
}

/// Makes `path` a symbolic link to `target` in one step; does nothing when it is one already.
/// Replaces files and links, and folders only when they are empty.
///
/// # Errors
/// When something is in the way that must not be lost, or the link can't be made.
pub fn link(target: &Path, path: &Path) -> Result<()> {
    if fs::read_link(path).is_ok_and(|old| old == target) {
        return Ok(());
    }
    if path.is_dir() && !path.is_symlink() {
        fs::remove_dir(path).map_err(|err| {
            Error::io("replace the folder", path, &err)
                .with_help("move its content away: the system puts a link there")
        })?;
    }
    let fresh = beside(path);
    let _ = fs::remove_file(&fresh);
    symlink(target, &fresh).map_err(|err| Error::io("create the link", &fresh, &err))?;
    replace(&fresh, path)
}

/// Removes a file or link, if it is there.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, &err))
        }
        _ => Ok(()),
    }
}

/// The entries of a folder, sorted by name.
///
/// # Errors
/// When it can't be read.
pub fn entries(path: &Path) -> Result<Vec<fs::DirEntry>> {
    let fail = |err: std::io::Error| Error::io("read the folder", path, &err);
    let mut found =
        fs::read_dir(path).map_err(fail)?.collect::<Result<Vec<_>, _>>().map_err(fail)?;
    found.sort_by_key(fs::DirEntry::file_name);
    Ok(found)
}

/// Gives a file its owner. Only root can; for others this does nothing, as in tests.
///
/// # Errors
/// When root can't.
pub fn own(path: &Path, uid: u32, gid: u32) -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    std::os::unix::fs::lchown(path, Some(uid), Some(gid))
        .map_err(|err| Error::io("change the owner of", path, &err))
}

fn replace(fresh: &Path, path: &Path) -> Result<()> {
    fs::rename(fresh, path).map_err(|err| Error::io("write", path, &err))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".firn-new");
    path.with_file_name(name)
}
