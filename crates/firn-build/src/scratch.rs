//! The folders on disk that one build writes to.
//!
//! ```text
//! <store>/<hash>-<name>.drv.chroot/   0700, so that no one else reaches what a build made
//!   store/                            is /nix/store inside: outputs appear here
//!   tmp/                              is /tmp inside
//! <builds>/nix-<pid>-<n>/             0700
//!   build/                            is /build inside
//! ```
//!
//! The first is on the disk of the store so that outputs can be renamed into place, and has the
//! name by which collectors of garbage know that it belongs to a build.

use firn_formats::StorePath;
use firn_store::{StoreError, StoreResult};
use firn_store_disk::{LocalStore, delete_path};
use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The folders of one build; removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    chroot: PathBuf,
    top: PathBuf,
    is_kept: bool,
    /// Is the store folder inside.
    pub store: PathBuf,
    /// Is `/tmp` inside.
    pub tmp: PathBuf,
    /// Is the build folder inside.
    pub build: PathBuf,
}

impl Scratch {
    /// Makes them for the build of `drv`, whose output locks the caller holds; `owner` is the user
    /// and group that builds.
    ///
    /// # Errors
    /// When a folder can't be made, as on a full disk.
    pub fn create(
        store: &LocalStore,
        builds: &Path,
        drv: &StorePath,
        owner: Option<(u32, u32)>,
    ) -> StoreResult<Scratch> {
        fs::create_dir_all(builds).map_err(StoreError::io("create the folder", builds))?;
        let chroot = store.layout().real_store.join(format!("{drv}.chroot"));
        // Of a build that was killed: the locks say that it is gone.
        delete_path(&chroot)?;
        let top = new_top(builds);
        delete_path(&top)?;
        let made = Scratch {
            store: chroot.join("store"),
            tmp: chroot.join("tmp"),
            build: top.join("build"),
            chroot,
            top,
            is_kept: false,
        };
        make(&made.chroot, 0o700, None)?;
        make(&made.top, 0o700, None)?;
        make(&made.store, 0o755, owner)?;
        make(&made.tmp, 0o1777, owner)?;
        make(&made.build, 0o700, owner)?;
        Ok(made)
    }

    /// Where the output at `path` lies while it is not in the store yet.
    pub fn output(&self, path: &StorePath) -> PathBuf {
        self.store.join(path.as_str())
    }

    /// A folder for what only the sandbox helper needs.
    pub fn private(&self, name: &str) -> StoreResult<PathBuf> {
        let path = self.chroot.join(name);
        if !path.exists() {
            make(&path, 0o700, None)?;
        }
        Ok(path)
    }

    /// Lets the builder reach its build folder where it lies.
    ///
    /// # Errors
    /// When permissions can't be set.
    pub fn open_way(&self) -> StoreResult<()> {
        fs::set_permissions(&self.top, Permissions::from_mode(0o711))
            .map_err(StoreError::io("open the folder", &self.top))
    }

    /// Keeps the build folder where it is, as the builder knew it, open for the user.
    ///
    /// # Errors
    /// When permissions can't be set.
    pub fn keep_in_place(&mut self) -> StoreResult<PathBuf> {
        let mark = self.top.join(KEPT);
        fs::write(&mark, "").map_err(StoreError::io("write", &mark))?;
        for path in [&self.top, &self.build] {
            fs::set_permissions(path, Permissions::from_mode(0o755))
                .map_err(StoreError::io("open the folder", path))?;
        }
        self.is_kept = true;
        Ok(self.build.clone())
    }

    /// Keeps the build folder under a name that says what it is, open for the user, and returns
    /// where it is.
    ///
    /// # Errors
    /// When the folder can't be renamed.
    pub fn keep_build_folder(&mut self, name: &str) -> StoreResult<PathBuf> {
        let parent = self.top.parent().unwrap_or(Path::new("/"));
        let mut kept = parent.join(format!("nix-build-{name}-0"));
        let mut number = 0;
        while kept.exists() {
            number += 1;
            kept = parent.join(format!("nix-build-{name}-{number}"));
        }
        fs::rename(&self.top, &kept).map_err(StoreError::io("keep the folder", &self.top))?;
        for path in [&kept, &kept.join("build")] {
            fs::set_permissions(path, Permissions::from_mode(0o755))
                .map_err(StoreError::io("open the folder", path))?;
        }
        Ok(kept.join("build"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed now is removed when the same derivation is built again, or by
        // `remove_stale`.
        let _ = delete_path(&self.chroot);
        if !self.is_kept {
            let _ = delete_path(&self.top);
        }
    }
}

/// In a folder of builds whose folder the user wants to keep.
const KEPT: &str = ".kept";

/// A name that no kept folder has.
fn new_top(builds: &Path) -> PathBuf {
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let top = builds.join(format!("nix-{}-{number}", std::process::id()));
        if !top.join(KEPT).exists() {
            return top;
        }
    }
}

fn make(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> StoreResult<()> {
    let made = DirBuilder::new().mode(0o700).create(path);
    made.map_err(StoreError::io("create the folder", path))?;
    if let Some((uid, gid)) = owner {
        chown(path, Some(uid), Some(gid)).map_err(StoreError::io("give away the folder", path))?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(StoreError::io("set permissions of", path))
}

/// Removes build folders of processes that are gone.
pub fn remove_stale(builds: &Path) {
    for entry in fs::read_dir(builds).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|n| n.strip_prefix("nix-"))
            .and_then(|n| n.split_once('-'))
            .and_then(|(pid, _)| pid.parse::<u32>().ok());
        let is_gone = pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists());
        if is_gone && !entry.path().join(KEPT).exists() {
            let _ = delete_path(&entry.path());
        }
    }
}
