//! Copies of outputs, for builders that might still hold a file of theirs open somewhere.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Copies a tree of files, folders and symbolic links; permissions are kept, nothing is followed.
/// Files share their blocks where the file system can do that.
pub fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)
    } else if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy_tree(&entry.path(), &to.join(entry.file_name()))?;
        }
        fs::set_permissions(to, fs::Permissions::from_mode(metadata.permissions().mode() & 0o777))
    } else if kind.is_file() {
        fs::copy(from, to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(metadata.permissions().mode() & 0o777))
    } else {
        let text = format!("'{}' is neither file, folder nor link", from.display());
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }
}

/// Renames a tree, also a read-only folder of one's own.
pub fn move_tree(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    let mode = metadata.permissions().mode();
    // The entry `..` of a folder changes, which needs permission to write to it.
    let open = metadata.is_dir() && mode & 0o200 == 0;
    if open {
        fs::set_permissions(from, fs::Permissions::from_mode(mode | 0o200))?;
    }
    fs::rename(from, to)?;
    if open {
        fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_moves() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("a/d")).unwrap();
        fs::write(at("a/d/f"), "x").unwrap();
        fs::set_permissions(at("a/d/f"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("/nowhere", at("a/l")).unwrap();
        fs::set_permissions(at("a/d"), fs::Permissions::from_mode(0o555)).unwrap();
        fs::set_permissions(at("a"), fs::Permissions::from_mode(0o555)).unwrap();
        copy_tree(&at("a"), &at("b")).unwrap();
        move_tree(&at("b"), &at("c")).unwrap();
        assert_eq!(fs::read_link(at("c/l")).unwrap(), Path::new("/nowhere"));
        assert_eq!(fs::metadata(at("c/d/f")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::metadata(at("c")).unwrap().permissions().mode() & 0o777, 0o555);
    }
}
