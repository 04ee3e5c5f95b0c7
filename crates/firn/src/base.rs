//! The distribution `base`, the folder `nix/` of the sources, as part of the program.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Path, content, and whether the file can be executed; sorted by path.
static FILES: &[(&str, &[u8], bool)] = include!(concat!(env!("OUT_DIR"), "/base.rs"));

/// The folder with `base` on disk, written below `cache` unless it is there.
///
/// `override_folder` (the variable `FIRN_BASE`) is for those who work on `base` itself.
///
/// # Errors
/// The cache can't be written to.
pub fn folder(cache: &Path, override_folder: Option<PathBuf>) -> io::Result<PathBuf> {
    if let Some(folder) = override_folder {
        return fs::canonicalize(folder);
    }
    let place = cache.join(format!("base-{DIGEST}"));
    if place.exists() {
        return Ok(place);
    }
    fs::create_dir_all(cache)?;
    let scratch = cache.join(format!(".base-{}", std::process::id()));
    write_files(&scratch)?;
    // Another process may have been quicker; what it wrote is the same.
    match fs::rename(&scratch, &place) {
        Err(_) if place.exists() => fs::remove_dir_all(&scratch)?,
        result => result?,
    }
    Ok(place)
}

/// What tells this distribution from any other, in hexadecimal digits: made when the program is compiled.
pub const DIGEST: &str = include!(concat!(env!("OUT_DIR"), "/digest.rs"));

fn write_files(folder: &Path) -> io::Result<()> {
    for (path, content, executable) in FILES {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, content)?;
        if *executable {
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_tree_is_written_once_and_whole() {
        let cache = tempfile::tempdir().unwrap();
        let first = folder(cache.path(), None).unwrap();
        let text = fs::read(first.join("lib/default.nix")).unwrap();
        assert_eq!(text, include_bytes!("../../../nix/lib/default.nix"));
        assert_eq!(folder(cache.path(), None).unwrap(), first);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 1);
    }
}
