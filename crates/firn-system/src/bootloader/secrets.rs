//! Secrets of the initial file system, which must not be in the store: added when the boot loader is
//! installed, as a second archive behind the first, which the kernel unpacks over it.

use crate::initrd::cpio::Archive;
use crate::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The initial file system with the secrets behind it.
///
/// # Errors
/// When it or a secret can't be read.
pub fn appended(initrd: &Path, secrets: &BTreeMap<String, PathBuf>) -> Result<Vec<u8>> {
    let mut bytes = fs::read(initrd).map_err(|err| Error::io("read", initrd, &err))?;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let mut archive = Archive::new();
    let mut folders = BTreeSet::new();
    for (place, source) in secrets {
        let content = fs::read(source).map_err(|err| {
            Error::io("read the secret", source, &err).with_help(
                "boot.initrd.secrets names it; it must be there when the boot loader is installed",
            )
        })?;
        let place = place.trim_start_matches('/');
        for folder in Path::new(place).ancestors().skip(1).collect::<Vec<_>>().iter().rev() {
            if !folder.as_os_str().is_empty() && folders.insert(folder.to_path_buf()) {
                archive.folder(&folder.to_string_lossy(), 0o755);
            }
        }
        archive.file(place, 0o400, &content);
    }
    bytes.extend(archive.finish());
    Ok(bytes)
}
