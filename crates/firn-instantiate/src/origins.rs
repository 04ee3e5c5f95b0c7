//! What source trees in the store are copies of, for messages: people know the folder or URL, not
//! the store path.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Where a tree comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeOrigin {
    /// A folder on this machine's disk.
    Folder(PathBuf),
    /// The files of a Git work tree that Git knows.
    WorkTree(PathBuf),
    /// Something fetched, by its URL.
    Url(String),
}

impl TreeOrigin {
    fn shown(&self) -> String {
        match self {
            TreeOrigin::Folder(path) | TreeOrigin::WorkTree(path) => {
                path.to_string_lossy().into_owned()
            }
            TreeOrigin::Url(url) => format!("«{url}»"),
        }
    }

    /// What to say about a file that is not in the tree.
    fn missing(&self, inner: &str) -> String {
        match self {
            TreeOrigin::WorkTree(root) if root.join(inner).exists() => untracked(root, inner),
            TreeOrigin::WorkTree(root) => {
                format!("Path '{inner}' does not exist in Git repository \"{}\".", root.display())
            }
            TreeOrigin::Folder(root) => {
                format!("path '{}' does not exist", root.join(inner).display())
            }
            TreeOrigin::Url(_) => format!("'{}/{inner}' does not exist", self.shown()),
        }
    }
}

/// What to say about a file of a repository that Git does not know.
pub fn untracked(root: &std::path::Path, inner: &str) -> String {
    let root = root.display();
    format!(
        "Path '{inner}' in the repository \"{root}\" is not tracked by Git.\n\n\
         To make it visible to Nix, run:\n\n\
         git -C \"{root}\" add -N \"{inner}\""
    )
}

/// Origins by the store paths of the trees.
#[derive(Debug, Default)]
pub struct Origins(RefCell<BTreeMap<String, TreeOrigin>>);

impl Origins {
    /// Notes where the tree at a store path comes from; what was noted first stays.
    pub fn note(&self, tree: &str, origin: TreeOrigin) {
        self.0.borrow_mut().entry(tree.to_owned()).or_insert(origin);
    }

    /// A path as people know it.
    pub fn shown<'p>(&self, path: &'p str) -> Cow<'p, str> {
        match self.find(path) {
            Some((origin, "")) => origin.shown().into(),
            Some((origin, inner)) => format!("{}/{inner}", origin.shown()).into(),
            None => path.into(),
        }
    }

    /// What to say when nothing is at a path.
    pub fn missing(&self, path: &str) -> String {
        match self.find(path) {
            Some((origin, inner)) if !inner.is_empty() => origin.missing(inner),
            _ => format!("path '{path}' does not exist"),
        }
    }

    /// The tree that a path is in, and the path within it.
    fn find<'p>(&self, path: &'p str) -> Option<(TreeOrigin, &'p str)> {
        let origins = self.0.borrow();
        let (tree, origin) = origins.range(..=path.to_owned()).next_back()?;
        let inner = path.strip_prefix(tree.as_str())?;
        (inner.is_empty() || inner.starts_with('/'))
            .then(|| (origin.clone(), inner.trim_start_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_as_people_know_them() {
        let origins = Origins::default();
        origins.note("/nix/store/a-source", TreeOrigin::Folder("/home/me".into()));
        origins.note("/nix/store/b-source", TreeOrigin::Url("github:a/b".into()));
        assert_eq!(origins.shown("/nix/store/a-source/x/y.nix"), "/home/me/x/y.nix");
        assert_eq!(origins.shown("/nix/store/b-source/y.nix"), "«github:a/b»/y.nix");
        for other in ["/nix/store/a-source2/x", "/nix/store/c", "/etc"] {
            assert_eq!(origins.shown(other), other);
        }
        assert_eq!(origins.missing("/nix/store/b-source/x"), "'«github:a/b»/x' does not exist");
        assert_eq!(origins.missing("/etc/x"), "path '/etc/x' does not exist");
    }
}
