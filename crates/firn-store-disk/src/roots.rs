//! Roots: what keeps paths from being collected.
//!
//! Source: manual, "Garbage collector roots".

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use firn_formats::{Hash, HashAlgo, StoreDir, StorePath, nix32};
use firn_store::{StoreError, StoreResult};
use path_clean::clean;

use crate::config::Layout;

/// Paths that must stay, each with the places that say so: links, or texts in braces.
pub type Roots = BTreeMap<StorePath, BTreeSet<String>>;

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Replaces or makes a link in one step, with the folders above it.
pub(crate) fn make_link(link: &Path, target: &Path) -> StoreResult<()> {
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent).map_err(StoreError::io("create", parent))?;
    }
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut name = link.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".tmp-{}-{number}", std::process::id()));
    let temporary = link.with_file_name(name);
    symlink(target, &temporary).map_err(StoreError::io("create the link", &temporary))?;
    fs::rename(&temporary, link).map_err(|e| {
        let _ = fs::remove_file(&temporary);
        StoreError::io("create the link", link)(e)
    })
}

/// Makes `link` a root for `path` and registers it under `gcroots/auto`.
///
/// # Errors
/// A link inside the store, or something there that is no link into the store.
pub(crate) fn add_perm_root(
    layout: &Layout,
    path: &StorePath,
    link: &Path,
) -> StoreResult<PathBuf> {
    let link = std::path::absolute(link).map_err(StoreError::io("find", link))?;
    let link = clean(link);
    if layout.store_dir.contains(&link.to_string_lossy()) || link.starts_with(&layout.real_store) {
        return Err(StoreError::other(format!(
            "creating a garbage collector root '{}' in the Nix store is forbidden (is the result link inside the store?)",
            link.display()
        )));
    }
    if let Ok(meta) = fs::symlink_metadata(&link) {
        let target = fs::read_link(&link).unwrap_or_default();
        if !meta.is_symlink() || !layout.store_dir.contains(&target.to_string_lossy()) {
            return Err(StoreError::other(format!(
                "cannot create symlink '{}'; already exists",
                link.display()
            )));
        }
    }
    make_link(&link, Path::new(&layout.store_dir.display(path)))?;
    if !link.starts_with(layout.gc_roots()) {
        add_indirect_root(layout, &link)?;
    }
    Ok(link)
}

/// Registers a link elsewhere as a root, for as long as it exists.
pub(crate) fn add_indirect_root(layout: &Layout, link: &Path) -> StoreResult<()> {
    use std::os::unix::ffi::OsStrExt;
    let hash = Hash::of(HashAlgo::Sha1, link.as_os_str().as_bytes()).nix32();
    make_link(&layout.gc_roots().join("auto").join(hash), link)
}

/// The roots in `gcroots` and `profiles`, and those of running programs.
///
/// `valid` says whether a path is valid; others are no roots.
pub(crate) fn find(
    layout: &Layout,
    valid: &mut dyn FnMut(&StorePath) -> StoreResult<bool>,
) -> StoreResult<Roots> {
    let mut search = Search { layout, valid, roots: Roots::new() };
    for folder in [layout.gc_roots(), layout.state.join("profiles")] {
        search.visit(&folder)?;
    }
    for (path, place) in crate::runtime_roots::find(&layout.store_dir) {
        search.found(&path, &place)?;
    }
    Ok(search.roots)
}

struct Search<'a> {
    layout: &'a Layout,
    valid: &'a mut dyn FnMut(&StorePath) -> StoreResult<bool>,
    roots: Roots,
}

impl Search<'_> {
    fn visit(&mut self, path: &Path) -> StoreResult<()> {
        let meta = match fs::symlink_metadata(path) {
            Err(e) if ignorable(&e) => return Ok(()),
            other => other.map_err(StoreError::io("read the root", path))?,
        };
        if meta.is_dir() {
            let entries = match fs::read_dir(path) {
                Err(e) if ignorable(&e) => return Ok(()),
                other => other.map_err(StoreError::io("list", path))?,
            };
            for entry in entries {
                self.visit(&entry.map_err(StoreError::io("list", path))?.path())?;
            }
        } else if meta.is_symlink() {
            let target = match fs::read_link(path) {
                Err(e) if ignorable(&e) => return Ok(()),
                other => other.map_err(StoreError::io("read the link", path))?,
            };
            self.link(path, &target)?;
        } else if meta.is_file()
            && let Some(name) = path.file_name().and_then(|n| n.to_str())
            && let Ok(root) = StorePath::new(name)
        {
            self.found(&root, &path.to_string_lossy())?;
        }
        Ok(())
    }

    fn link(&mut self, path: &Path, target: &Path) -> StoreResult<()> {
        if self.points_into_store(path, target)? {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        let target = clean(folder.join(target));
        match fs::symlink_metadata(&target) {
            Ok(meta) if meta.is_symlink() => {
                if let Ok(inner) = fs::read_link(&target) {
                    self.points_into_store(&target, &inner)?;
                }
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if path.starts_with(self.layout.gc_roots().join("auto")) {
                    let _ = fs::remove_file(path);
                }
            }
            Err(e) if ignorable(&e) => {}
            Err(e) => return Err(StoreError::io("read the root", &target)(e)),
        }
        Ok(())
    }

    fn points_into_store(&mut self, place: &Path, target: &Path) -> StoreResult<bool> {
        let target = target.to_string_lossy();
        if !self.layout.store_dir.contains(&target) {
            return Ok(false);
        }
        if let Ok((path, _)) = self.layout.store_dir.split(&target) {
            self.found(&path, &place.to_string_lossy())?;
        }
        Ok(true)
    }

    fn found(&mut self, path: &StorePath, place: &str) -> StoreResult<()> {
        if (self.valid)(path)? {
            self.roots.entry(path.clone()).or_default().insert(place.to_owned());
        }
        Ok(())
    }
}

fn ignorable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::NotADirectory
    )
}

/// Every store path that is mentioned in `text`.
pub(crate) fn mentioned(dir: &StoreDir, text: &[u8]) -> Vec<StorePath> {
    let mut found = Vec::new();
    let mut prefix = dir.as_str().as_bytes().to_vec();
    prefix.push(b'/');
    for at in memchr::memmem::find_iter(text, &prefix) {
        let rest = &text[at + prefix.len()..];
        let digits = rest.iter().take_while(|b| nix32::is_digit(**b)).count();
        if digits < 32 {
            continue;
        }
        let name = rest.iter().take_while(|b| is_name(**b)).count();
        let base = std::str::from_utf8(&rest[..name]).ok();
        found.extend(base.and_then(|base| StorePath::new(base).ok()));
    }
    found
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-._?=".contains(&byte)
}
