//! A private folder for sockets, and names for the machines' folders in it.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A folder whose path leaves room for socket names: unix sockets have at most 107 bytes.
pub struct ShortFolder {
    /// Where it is.
    pub path: PathBuf,
}

impl ShortFolder {
    /// Makes one below `parent`, or elsewhere where that path is long.
    pub fn new(parent: &Path) -> Result<Self, String> {
        const LONGEST_PARENT: usize = 60;
        let long = parent.as_os_str().len() > LONGEST_PARENT;
        let parent = if long { Path::new("/tmp") } else { parent };
        let path = parent.join(format!("t{}", std::process::id()));
        std::fs::create_dir(&path)
            .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Self { path })
    }

    /// Leaves the folder where it is; with the build's own folder it goes or stays (`--keep-failed`).
    pub fn keep(self) {
        if !self.path.starts_with("/tmp") {
            std::mem::forget(self);
        }
    }
}

impl Drop for ShortFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Names under which scripts find the folders of machines in their working folder, as with NixOS:
/// `vm-state-NAME`, and in it the disks `NAME.qcow2` and `emptyN.qcow2`. Dropping it takes the former away, which
/// are no part of what the test gives back.
pub struct StateLinks(Vec<PathBuf>);

impl StateLinks {
    /// Makes them in `folder` for machines by name, with their own folders and number of empty disks. What is
    /// there already stays.
    pub fn new<'a>(
        folder: &Path,
        machines: impl Iterator<Item = (&'a str, &'a Path, usize)>,
    ) -> Self {
        let mut made = Vec::new();
        for (name, own, empty) in machines {
            let state = folder.join(format!("vm-state-{name}"));
            if symlink(own, &state).is_ok() {
                made.push(state);
            }
            let _ = symlink("disk0", own.join(format!("{name}.qcow2")));
            for number in 0..empty {
                let disk = format!("disk{}", number + 1);
                let _ = symlink(disk, own.join(format!("empty{number}.qcow2")));
            }
        }
        Self(made)
    }
}

impl Drop for StateLinks {
    fn drop(&mut self) {
        for link in &self.0 {
            let _ = std::fs::remove_file(link);
        }
    }
}
