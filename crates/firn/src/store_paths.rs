//! Store paths as people name them: in full, with something below, or by a link such as `result`.

use std::path::{Component, Path, PathBuf};

use firn_formats::{StoreDir, StorePath};

use crate::exit::Failure;

/// Most links that are followed.
const MAX_LINKS: usize = 40;

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
    let mut path = normal(&std::path::absolute(text).map_err(|e| failed(&e))?);
    for _ in 0..MAX_LINKS {
        let here = path.to_string_lossy();
        if dir.contains(&here) {
            return dir.split(&here).map_err(|e| failed(&e));
        }
        match next(&path) {
            Some(target) => path = target,
            None => break,
        }
    }
    Err(Failure::new(format!("error: path '{text}' is not in the Nix store")))
}

/// The path with its first link replaced by what it points to.
fn next(path: &Path) -> Option<PathBuf> {
    let mut walked = PathBuf::new();
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        walked.push(part);
        if let Ok(target) = std::fs::read_link(&walked) {
            let whole = walked.parent()?.join(target).join(parts.as_path());
            return Some(normal(&whole));
        }
    }
    None
}

fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}
