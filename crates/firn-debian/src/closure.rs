//! Store paths that a group may point into: itself and its dependencies.

use crate::layout;
use crate::tree::Tree;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A store path, and the folder where its files can be read or written now. They differ only
/// outside of a build's sandbox.
#[derive(Debug, Clone)]
pub struct StoreDir {
    /// Path to be written into files.
    pub path: String,
    /// Folder on this machine.
    pub dir: PathBuf,
}

impl StoreDir {
    /// A store path which is where it says.
    pub fn real(path: impl Into<String>) -> Self {
        let path = path.into();
        Self { dir: PathBuf::from(&path), path }
    }
}

/// A place found in a closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// In the group itself, at this place.
    Own(String),
    /// In a dependency: absolute path.
    Other(String),
}

/// Looks places up, in the group's own tree first, then in its dependencies in their order.
pub struct Closure<'a> {
    own: &'a StoreDir,
    tree: &'a Tree,
    dependencies: &'a [StoreDir],
    cache: RefCell<HashMap<String, Option<Found>>>,
}

impl<'a> Closure<'a> {
    /// A closure; `tree` is the content of `own`.
    pub fn new(own: &'a StoreDir, tree: &'a Tree, dependencies: &'a [StoreDir]) -> Self {
        Self { own, tree, dependencies, cache: RefCell::default() }
    }

    /// The tree of the group itself.
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// The group's own store path.
    pub fn own_path(&self) -> &'a str {
        &self.own.path
    }

    /// Finds what stands at a place.
    pub fn find(&self, place: &str) -> Option<Found> {
        if let Some(known) = self.cache.borrow().get(place) {
            return known.clone();
        }
        let found = self.tree.locate(place).map(Found::Own).or_else(|| self.find_other(place));
        self.cache.borrow_mut().insert(place.to_owned(), found.clone());
        found
    }

    fn find_other(&self, place: &str) -> Option<Found> {
        let holder = self.dependencies.iter().find(|dep| exists(&dep.dir.join(place)))?;
        Some(Found::Other(format!("{}/{place}", holder.path)))
    }

    /// The absolute path of what stands at a place.
    pub fn path(&self, place: &str) -> Option<String> {
        self.find(place).map(|found| match found {
            Found::Own(place) => format!("{}/{place}", self.own.path),
            Found::Other(path) => path,
        })
    }

    /// The absolute paths of a place in every store path that has it.
    pub fn every(&self, place: &str) -> Vec<String> {
        let own = self.tree.locate(place).map(|real| format!("{}/{real}", self.own.path));
        let others = self.dependencies.iter().filter(|dep| exists(&dep.dir.join(place)));
        own.into_iter().chain(others.map(|dep| format!("{}/{place}", dep.path))).collect()
    }

    /// The folder on this machine of the dependency that has `place`, or of the group itself.
    pub fn holder(&self, place: &str) -> Option<&'a StoreDir> {
        if self.tree.locate(place).is_some() {
            return Some(self.own);
        }
        self.dependencies.iter().find(|dep| exists(&dep.dir.join(place)))
    }

    /// The store's path for an absolute path of a Debian system.
    pub fn map(&self, debian: &str) -> Option<String> {
        self.path(&layout::place(&layout::normalize(debian)))
    }
}

/// Symlinks count even when what they lead to can't be seen from here.
fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
