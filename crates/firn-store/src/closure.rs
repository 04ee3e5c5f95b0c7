//! Closures of the reference graph.

use std::collections::{BTreeMap, BTreeSet};

use firn_formats::{StorePath, StorePathSet};

use crate::{Store, StoreError, StoreResult};

/// Everything that `start` refers to, directly or not, `start` included.
///
/// # Errors
/// [`StoreError::NotValid`] for a path that is not.
pub fn closure<S: Store + ?Sized>(store: &S, start: &StorePathSet) -> StoreResult<StorePathSet> {
    closure_with(start, |path| Ok(store.require_path_info(path)?.references.clone()))
}

/// Everything reachable from `start` along `edges`, `start` included.
pub fn closure_with<E>(
    start: &StorePathSet,
    mut edges: impl FnMut(&StorePath) -> Result<StorePathSet, E>,
) -> Result<StorePathSet, E> {
    let mut seen = start.clone();
    let mut pending: Vec<StorePath> = start.iter().cloned().collect();
    while let Some(path) = pending.pop() {
        for next in edges(&path)? {
            if seen.insert(next.clone()) {
                pending.push(next);
            }
        }
    }
    Ok(seen)
}

/// Sorts `paths` so that each comes after what it refers to.
///
/// # Errors
/// A cycle among different paths, or a path that is not valid.
pub fn topological<S: Store + ?Sized>(
    store: &S,
    paths: &StorePathSet,
) -> StoreResult<Vec<StorePath>> {
    let mut references: BTreeMap<StorePath, Vec<StorePath>> = BTreeMap::new();
    for path in paths {
        let info = store.require_path_info(path)?;
        let inside = info.references.iter().filter(|r| *r != path && paths.contains(*r));
        references.insert(path.clone(), inside.cloned().collect());
    }
    sort_by_references(references)
}

fn sort_by_references(
    references: BTreeMap<StorePath, Vec<StorePath>>,
) -> StoreResult<Vec<StorePath>> {
    let mut sorted = Vec::with_capacity(references.len());
    let mut done = BTreeSet::new();
    let mut open = BTreeSet::new();
    for start in references.keys() {
        let mut stack = vec![(start.clone(), false)];
        while let Some((path, expanded)) = stack.pop() {
            if done.contains(&path) {
                continue;
            }
            if expanded {
                open.remove(&path);
                done.insert(path.clone());
                sorted.push(path);
                continue;
            }
            if !open.insert(path.clone()) {
                return Err(StoreError::other(format!(
                    "cycle detected in the references of '{path}'"
                )));
            }
            let children = references.get(&path).cloned().unwrap_or_default();
            stack.push((path, true));
            stack.extend(
                children.into_iter().rev().filter(|c| !done.contains(c)).map(|c| (c, false)),
            );
        }
    }
    Ok(sorted)
}
