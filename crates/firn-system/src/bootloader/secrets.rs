//! Secrets of the initial file system, which must not be in the store: added when the boot loader is
//! installed, as a second archive behind the first, which the kernel unpacks over it.

use crate::initrd::cpio::Archive;
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Its name on the boot partition: systems that share an initial file system may have different secrets.
pub fn file_name(initrd: &Path, secrets: &BTreeMap<String, PathBuf>) -> String {
    let mut hash = Sha256::new();
    hash.update(initrd.as_os_str().as_encoded_bytes());
    for (place, source) in secrets {
        hash.update(format!("\n{place}\n{}", source.display()));
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{hash}-initrd.efi")
}

/// The initial file system with the secrets behind it.
///
/// # Errors
/// When it or a secret can't be read.
pub fn appended(initrd: &Path, secrets: &BTreeMap<String, PathBuf>) -> Result<Vec<u8>> {
    let mut bytes = fs::read(initrd).map_err(|err| Error::io("read", initrd, &err))?;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(archive(secrets)?);
    Ok(bytes)
}

/// An archive with the secrets.
///
/// # Errors
/// When a secret can't be read.
pub fn archive(secrets: &BTreeMap<String, PathBuf>) -> Result<Vec<u8>> {
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
    Ok(archive.finish())
}
