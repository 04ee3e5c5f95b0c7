//! A private folder for sockets.

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
