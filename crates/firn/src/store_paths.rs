//! Store paths as people name them: in full, with something below, or by a link such as `result`.

use std::path::{Path, PathBuf};

use firn_formats::{StoreDir, StorePath};
use firn_store::Store;
use path_clean::clean;

use crate::exit::Failure;

/// Most links that are followed, as by the kernel.
pub const MAX_LINKS: usize = 40;

/// The store path that `text` means.
///
/// # Errors
/// It leads nowhere in the store.
pub fn of(dir: &StoreDir, text: &str) -> Result<StorePath, Failure> {
    Ok(split(dir, text)?.0)
}

/// The store path that `text` means, and what follows it.
pub fn split(dir: &StoreDir, text: &str) -> Result<(StorePath, String), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::new(format!("error: {e}"));
    let mut path = clean(std::path::absolute(text).map_err(|e| failed(&e))?);
    for _ in 0..MAX_LINKS {
        let here = path.to_string_lossy();
        if dir.contains(&here) {
            return dir.split(&here).map_err(|e| failed(&e));
        }
        match next(&path, |place| std::fs::read_link(place).ok()) {
            Some(target) => path = target,
            None => break,
        }
    }
    Err(Failure::new(format!("error: path '{text}' is not in the Nix store")))
}

/// The derivation that made a path, which messages name as `shown`.
///
/// # Errors
/// The path is not valid, or nobody knows what made it.
pub fn deriver(store: &dyn Store, path: &StorePath, shown: &str) -> Result<StorePath, Failure> {
    let deriver = store.require_path_info(path)?.deriver.clone();
    deriver.ok_or_else(|| Failure::new(format!("error: '{shown}' does not have a known deriver")))
}

/// The path with its first link replaced by what it points to, as `read` says.
pub fn next(path: &Path, read: impl Fn(&Path) -> Option<PathBuf>) -> Option<PathBuf> {
    let mut walked = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        walked.push(part);
        if let Some(target) = read(&walked) {
            let whole = walked.parent()?.join(target).join(parts.as_path());
            return Some(clean(whole));
        }
    }
    None
}
