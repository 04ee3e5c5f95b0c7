//! Trees of this machine's disk that were added to a store before. The marks of a tree's files tell that it is still the
//! same, so that nobody reads and hashes it again. What was changed a moment ago is not remembered.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use firn_formats::{Hash, HashAlgo, Hasher};

use super::fetch::Tree;
use crate::marks::{Marks, is_settled, notes_changes};

/// What was remembered, in a folder of the cache: a file for each place, named by it, with the tree's marks and the hash
/// of its archive.
pub(super) struct Seen<'a> {
    folder: PathBuf,
    place: &'a Path,
    marks: Hash,
    is_settled: bool,
}

impl<'a> Seen<'a> {
    /// Looks at a tree; nothing where it can't be told again: it is no tree of this disk, or can't be read.
    pub(super) fn look(cache: &Path, tree: &'a Tree) -> Option<Self> {
        if tree.scratch.is_some() || !notes_changes(&tree.root) {
            return None;
        }
        let mut marks = TreeMarks { sum: Hasher::new(HashAlgo::Sha256), newest: Duration::ZERO };
        match &tree.files {
            Some(files) => files.iter().try_for_each(|file| marks.add(&tree.root, file).map(drop)),
            None => marks.add_all(&tree.root, Path::new("")),
        }
        .ok()?;
        Some(Seen {
            folder: cache.join("seen-trees"),
            place: &tree.root,
            is_settled: is_settled(marks.newest, SystemTime::now()),
            marks: marks.sum.finish(),
        })
    }

    /// The hash of the tree's archive, if the tree is the one that was remembered last for its place.
    pub(super) fn nar_hash(&self) -> Option<Hash> {
        let text = fs::read_to_string(self.file()).ok()?;
        let (marks, hash) = text.trim_end().split_once(' ')?;
        (marks == self.marks.sri()).then(|| Hash::parse_sri(hash).ok())?
    }

    /// Remembers the tree, which was looked at before it was read. A cache that can't be written is none.
    pub(super) fn remember(&self, nar_hash: &Hash) {
        if self.is_settled {
            let _ = self.write(&format!("{} {}\n", self.marks.sri(), nar_hash.sri()));
        }
    }

    fn write(&self, text: &str) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(self.file())?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.folder.join(Hash::sha256(self.place.as_os_str().as_bytes()).nix32())
    }
}

/// The marks of a tree's files.
struct TreeMarks {
    sum: Hasher,
    /// The last change of any of them, since 1970.
    newest: Duration,
}

impl TreeMarks {
    /// A file or folder, links not followed.
    fn add(&mut self, root: &Path, inner: &Path) -> io::Result<Metadata> {
        let metadata = fs::symlink_metadata(root.join(inner))?;
        let name = inner.as_os_str().as_bytes();
        self.sum.update(&(name.len() as u64).to_le_bytes());
        self.sum.update(name);
        let marks = Marks::of(&metadata);
        self.sum.update(&marks.bytes());
        self.newest = self.newest.max(marks.last_change());
        Ok(metadata)
    }

    /// A file, or a folder with all that is in it.
    fn add_all(&mut self, root: &Path, inner: &Path) -> io::Result<()> {
        if !self.add(root, inner)?.is_dir() {
            return Ok(());
        }
        let entries = fs::read_dir(root.join(inner))?;
        let mut names =
            entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        names.iter().try_for_each(|name| self.add_all(root, &inner.join(name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::input::Attrs;
    use std::collections::BTreeSet;

    fn tree(root: &Path, files: Option<&[&str]>) -> Tree {
        let files = files.map(|files| files.iter().map(PathBuf::from).collect::<BTreeSet<_>>());
        Tree { root: root.to_path_buf(), files, info: Attrs::new(), scratch: None }
    }

    /// A tree whose last change is so long ago that it is remembered.
    fn remembered(cache: &Path, tree: &Tree, hash: &Hash) {
        let settled = Seen { is_settled: true, ..Seen::look(cache, tree).unwrap() };
        settled.remember(hash);
    }

    fn found(cache: &Path, tree: &Tree) -> Option<Hash> {
        Seen::look(cache, tree)?.nar_hash()
    }

    #[test]
    fn a_tree_is_known_until_anything_of_it_changes() {
        let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (cache, root) = (cache.path(), folder.path());
        fs::create_dir(root.join("inner")).unwrap();
        fs::write(root.join("inner/a"), "1").unwrap();
        let (all, hash) = (tree(root, None), Hash::sha256("archive"));
        type Change = fn(&Path);
        let changes: [Change; 5] = [
            |root| fs::write(root.join("inner/a"), "longer").unwrap(),
            |root| fs::write(root.join("inner/b"), "").unwrap(),
            |root| fs::rename(root.join("inner/b"), root.join("inner/c")).unwrap(),
            |root| fs::remove_file(root.join("inner/c")).unwrap(),
            |root| std::os::unix::fs::symlink("inner", root.join("link")).unwrap(),
        ];
        for change in changes {
            remembered(cache, &all, &hash);
            assert_eq!(found(cache, &all), Some(hash));
            change(root);
            assert_eq!(found(cache, &all), None);
        }
    }

    #[test]
    fn other_files_of_the_same_place_are_another_tree() {
        let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["a", "b"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let (both, one) =
            (tree(folder.path(), Some(&["a", "b"])), tree(folder.path(), Some(&["a"])));
        remembered(cache.path(), &both, &Hash::sha256("archive"));
        assert_eq!(found(cache.path(), &one), None);
        assert!(found(cache.path(), &both).is_some());
    }

    #[test]
    fn what_changed_a_moment_ago_is_not_remembered() {
        let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("a"), "").unwrap();
        let fresh = tree(folder.path(), None);
        Seen::look(cache.path(), &fresh).unwrap().remember(&Hash::sha256("archive"));
        assert_eq!(found(cache.path(), &fresh), None);
    }

    #[test]
    fn a_damaged_note_is_none() {
        let (cache, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let all = tree(folder.path(), None);
        remembered(cache.path(), &all, &Hash::sha256("archive"));
        let file = Seen::look(cache.path(), &all).unwrap().file();
        for text in ["", "sha256-x", "\0 \0", "sha256-a sha256-b"] {
            fs::write(&file, text).unwrap();
            assert_eq!(found(cache.path(), &all), None, "{text:?}");
        }
    }
}
