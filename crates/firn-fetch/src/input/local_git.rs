//! Git repositories on this machine's disk, read with gitoxide: the files that the index names, the
//! state of the work tree, and the tree of a revision.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Flags, Mode};
use gix::objs::tree::EntryKind;

use super::InputError;
use super::attributes::{Attributes, FILE, Mark, Stack};
use super::lfs::{POINTER_LIMIT, Pointer};

/// A repository.
pub struct LocalGit {
    repository: gix::Repository,
    place: PathBuf,
}

/// What a work tree looks like.
pub struct WorkTree {
    /// Files that the index names and that exist, relative to the root.
    pub files: BTreeSet<PathBuf>,
    /// Whether index or files differ from the commit.
    pub dirty: bool,
    /// Files that differ from those of the commit.
    pub changed: BTreeSet<PathBuf>,
    /// Files that the index names and that are gone.
    pub gone: BTreeSet<PathBuf>,
    /// The commit, if there is one.
    pub head: Option<ObjectId>,
    /// The full name of the branch that the work tree is on.
    pub branch: Option<String>,
}

/// What is wanted of the tree of a commit.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Without the files that `.gitattributes` mark with `export-ignore`.
    pub leave_out: bool,
    /// With the content of large files, where `.gitattributes` say that pointers to them stand there.
    pub large_files: bool,
}

/// A tree that is being written.
struct Export<'a> {
    wanted: &'a Wanted,
    /// Files that are only pointers.
    large: Vec<PathBuf>,
}

/// A repository inside another's tree.
pub struct Submodule {
    /// Where it is in the tree.
    pub path: PathBuf,
    /// Where it comes from.
    pub url: String,
    /// The commit that the tree names.
    pub rev: ObjectId,
}

impl WorkTree {
    /// Makes the work tree of a submodule at `path` part of this one.
    fn add_below(&mut self, path: &Path, inner: WorkTree) {
        self.dirty |= inner.dirty;
        for (all, inner) in [
            (&mut self.files, inner.files),
            (&mut self.changed, inner.changed),
            (&mut self.gone, inner.gone),
        ] {
            all.extend(inner.into_iter().map(|file| path.join(file)));
        }
    }
}

impl LocalGit {
    /// Opens the repository whose work tree or bare folder this is.
    pub fn open(place: &Path) -> Result<Self, InputError> {
        let options = gix::open::Options::isolated();
        let repository = gix::open_opts(place, options)
            .map_err(|error| failed(place, "cannot be opened", &error))?;
        Ok(LocalGit { repository, place: place.to_path_buf() })
    }

    /// The state of the work tree; with those of its submodules, when asked for, as part of it.
    pub fn work_tree(&self, submodules: bool) -> Result<WorkTree, InputError> {
        let (mut tree, links) = self.own_work_tree()?;
        if submodules {
            for path in links {
                let place = self.place.join(&path);
                if place.join(".git").exists() {
                    tree.add_below(&path, LocalGit::open(&place)?.work_tree(true)?);
                }
            }
        }
        Ok(tree)
    }

    /// The state of the work tree, and the places of submodules.
    fn own_work_tree(&self) -> Result<(WorkTree, Vec<PathBuf>), InputError> {
        let head = self.head()?;
        let index = self
            .repository
            .index_or_empty()
            .map_err(|error| failed(&self.place, "has an unreadable index", &error))?;
        let committed = match head {
            Some(commit) => Some(self.entries(commit)?),
            None => None,
        };
        let (mut files, mut changed, mut gone) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut dirty = committed.is_none() && !index.entries().is_empty();
        let mut staged = Vec::with_capacity(index.entries().len());
        let mut links = Vec::new();
        for entry in index.entries() {
            if entry.flags.contains(Flags::INTENT_TO_ADD) {
                dirty = true;
            }
            let path = entry.path(&index).to_path_lossy().into_owned();
            staged.push((path.clone(), entry.id, mode_bits(entry.mode)));
            if entry.mode == Mode::COMMIT {
                links.push(path.clone());
            }
            match self.compare(entry, &path) {
                FileState::Same => files.insert(path),
                FileState::Changed => {
                    dirty = true;
                    changed.insert(path.clone());
                    files.insert(path)
                }
                FileState::Gone => {
                    dirty = true;
                    gone.insert(path)
                }
            };
        }
        staged.sort();
        let committed = committed.unwrap_or_default();
        dirty |= head.is_some() && committed != staged;
        if dirty {
            let known: BTreeSet<_> = committed.iter().collect();
            let new = staged.iter().filter(|entry| !known.contains(entry));
            changed.extend(new.map(|(path, ..)| path.clone()).filter(|path| files.contains(path)));
        }
        let tree = WorkTree { files, dirty, changed, gone, head, branch: self.branch() };
        Ok((tree, links))
    }

    /// The submodules of a commit whose tree was exported to `root`: where they are, where they come
    /// from, and which revision is wanted. gitmodules(5).
    pub fn submodules(&self, commit: ObjectId, root: &Path) -> Result<Vec<Submodule>, InputError> {
        let Ok(text) = fs::read(root.join(".gitmodules")) else { return Ok(Vec::new()) };
        let broken = |error: &dyn std::error::Error| {
            failed(&self.place, "has a '.gitmodules' that can't be read", error)
        };
        let metadata = gix::config::file::Metadata::from(gix::config::Source::Worktree);
        let file = gix::config::File::from_bytes_no_includes(&text, metadata, Default::default())
            .map_err(|error| broken(&error))?;
        let commits: Vec<_> = self.entries(commit)?;
        let mut found = Vec::new();
        for section in file.sections_by_name("submodule").into_iter().flatten() {
            let value = |name: &str| section.value(name).map(|value| value.to_string());
            let (Some(path), Some(url)) = (value("path"), value("url")) else { continue };
            let path = PathBuf::from(path);
            let entry = commits
                .iter()
                .find(|(known, _, mode)| *known == path && *mode == Mode::COMMIT.bits());
            if let Some((_, rev, _)) = entry {
                found.push(Submodule { path, url: self.absolute_url(&url), rev: *rev });
            }
        }
        Ok(found)
    }

    /// The URL of a submodule, which may be relative to where this repository came from.
    fn absolute_url(&self, url: &str) -> String {
        if !url.starts_with("./") && !url.starts_with("../") {
            return url.to_owned();
        }
        let config = self.repository.config_snapshot();
        let origin = config.string("remote.origin.url").map(|url| url.to_string());
        let mut base = origin.unwrap_or_else(|| self.place.to_string_lossy().into_owned());
        for part in url.split('/') {
            match part {
                "" | "." => {}
                ".." => base.truncate(base.trim_end_matches('/').rfind('/').unwrap_or(0)),
                part => base = format!("{}/{part}", base.trim_end_matches('/')),
            }
        }
        base
    }

    /// The commit that a revision or reference names.
    pub fn resolve(&self, name: &str) -> Result<ObjectId, InputError> {
        if let Ok(id) = ObjectId::from_hex(name.as_bytes()) {
            return Ok(id);
        }
        let mut reference = self
            .repository
            .find_reference(name)
            .map_err(|error| failed(&self.place, &format!("has no reference '{name}'"), &error))?;
        reference.peel_to_id().map(|id| id.detach()).map_err(|error| {
            failed(&self.place, &format!("has a broken reference '{name}'"), &error)
        })
    }

    /// The commit of `HEAD`, if there is one.
    pub fn head(&self) -> Result<Option<ObjectId>, InputError> {
        let head = self.repository.head().map_err(|e| failed(&self.place, "has no HEAD", &e))?;
        Ok(head.into_peeled_id().ok().map(|id| id.detach()))
    }

    /// The full name of the branch that `HEAD` is on.
    pub fn branch(&self) -> Option<String> {
        let name = self.repository.head_name().ok()??;
        Some(name.as_bstr().to_string())
    }

    /// Whether an object is there.
    pub fn has(&self, id: ObjectId) -> bool {
        self.repository.has_object(id)
    }

    /// Seconds since 1970 at which a commit was made.
    pub fn commit_time(&self, commit: ObjectId) -> Result<u64, InputError> {
        let commit = self.commit(commit)?;
        let time =
            commit.time().map_err(|error| failed(&self.place, "has a broken commit", &error))?;
        Ok(u64::try_from(time.seconds).unwrap_or(0))
    }

    /// How many commits can be reached from a commit, itself included.
    pub fn count_revisions(&self, commit: ObjectId) -> Result<u64, InputError> {
        let walk = self
            .repository
            .rev_walk([commit])
            .all()
            .map_err(|error| failed(&self.place, "has an unreadable history", &error))?;
        let mut count = 0;
        for commit in walk {
            commit.map_err(|error| failed(&self.place, "has an unreadable history", &error))?;
            count += 1;
        }
        Ok(count)
    }

    /// The folder that work trees of the repository share, such as `.git`.
    pub fn common_folder(&self) -> &Path {
        self.repository.common_dir()
    }

    /// Where the repository is.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Whether a part of the history is missing.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow().is_ok_and(|shallow| shallow)
    }

    /// The address that the repository has for large files, or where it came from.
    pub fn lfs_url(&self) -> Option<String> {
        let config = self.repository.config_snapshot();
        let own = config.string("lfs.url").filter(|url| !url.is_empty());
        own.or_else(|| config.string("remote.origin.url")).map(|url| url.to_string())
    }

    /// Writes the tree of a commit below a folder, which is made. Gives the files that are only pointers
    /// to large ones, if those are wanted.
    pub fn export(
        &self,
        commit: ObjectId,
        folder: &Path,
        wanted: &Wanted,
    ) -> Result<Vec<PathBuf>, InputError> {
        let tree = self
            .commit(commit)?
            .tree_id()
            .map_err(|e| failed(&self.place, "has a broken commit", &e))?;
        let attributes = (wanted.leave_out || wanted.large_files).then(Stack::default);
        let mut export = Export { wanted, large: Vec::new() };
        self.export_tree(&mut export, tree.detach(), folder, attributes)?;
        Ok(export.large)
    }

    fn export_tree(
        &self,
        export: &mut Export<'_>,
        tree: ObjectId,
        folder: &Path,
        mut attributes: Option<Stack>,
    ) -> Result<(), InputError> {
        fs::create_dir_all(folder).map_err(|error| {
            InputError::new(format!("cannot create '{}': {error}", folder.display()))
        })?;
        let object =
            self.repository.find_tree(tree).map_err(|e| failed(&self.place, "lacks a tree", &e))?;
        if let Some(attributes) = &mut attributes {
            for entry in object.iter().flatten().filter(|entry| entry.filename() == FILE) {
                attributes.add(Attributes::parse(&self.blob(entry.object_id())?));
            }
        }
        let attributes = attributes.as_ref();
        for entry in object.iter() {
            let entry = entry.map_err(|error| failed(&self.place, "has a broken tree", &error))?;
            let name = entry.filename();
            self.check_name(name)?;
            if export.wanted.leave_out && attributes.is_some_and(|a| a.leaves_out(name)) {
                continue;
            }
            let target = folder.join(name.to_path_lossy());
            let kind = entry.mode().kind();
            let is_file = matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
            if is_file
                && export.wanted.large_files
                && attributes.is_some_and(|a| a.marks(Mark::Large, name))
            {
                export.large.push(target.clone());
            }
            match kind {
                EntryKind::Tree => {
                    let inner = attributes.map(|attributes| attributes.enter(name));
                    self.export_tree(export, entry.object_id(), &target, inner)?;
                }
                EntryKind::Blob => self.export_blob(entry.object_id(), &target, 0o644)?,
                EntryKind::BlobExecutable => self.export_blob(entry.object_id(), &target, 0o755)?,
                EntryKind::Link => self.export_link(entry.object_id(), &target)?,
                // A submodule that is not asked for leaves an empty folder, as in a plain clone.
                EntryKind::Commit => io(&target, fs::create_dir(&target))?,
            }
        }
        Ok(())
    }

    fn check_name(&self, name: &BStr) -> Result<(), InputError> {
        let forbidden = matches!(name.as_bytes(), b"." | b".." | b"" | b".git");
        if name.find_byte(b'/').is_some() || forbidden {
            return Err(InputError::new(format!(
                "repository '{}' has a file with the forbidden name '{name}'",
                self.place.display()
            )));
        }
        Ok(())
    }

    fn export_blob(&self, id: ObjectId, target: &Path, mode: u32) -> Result<(), InputError> {
        let blob = self.blob(id)?;
        let mut file = io(target, fs::File::create_new(target))?;
        io(target, file.write_all(&blob))?;
        io(target, file.set_permissions(fs::Permissions::from_mode(mode)))
    }

    fn export_link(&self, id: ObjectId, target: &Path) -> Result<(), InputError> {
        let blob = self.blob(id)?;
        io(target, std::os::unix::fs::symlink(blob.to_path_lossy(), target))
    }

    fn blob(&self, id: ObjectId) -> Result<Vec<u8>, InputError> {
        let mut blob =
            self.repository.find_blob(id).map_err(|e| failed(&self.place, "lacks a file", &e))?;
        Ok(blob.take_data())
    }

    fn commit(&self, id: ObjectId) -> Result<gix::Commit<'_>, InputError> {
        self.repository
            .find_commit(id)
            .map_err(|error| failed(&self.place, &format!("lacks the revision '{id}'"), &error))
    }

    /// All files of a commit, sorted, in the form that the index is compared with.
    fn entries(&self, commit: ObjectId) -> Result<Vec<(PathBuf, ObjectId, u32)>, InputError> {
        let tree = self
            .commit(commit)?
            .tree_id()
            .map_err(|e| failed(&self.place, "has a broken commit", &e))?;
        let index = self
            .repository
            .index_from_tree(&tree)
            .map_err(|error| failed(&self.place, "has a broken tree", &error))?;
        let mut entries: Vec<_> = index
            .entries()
            .iter()
            .map(|entry| {
                (entry.path(&index).to_path_lossy().into_owned(), entry.id, mode_bits(entry.mode))
            })
            .collect();
        entries.sort();
        Ok(entries)
    }

    /// Compares a file with its entry in the index: by size and times first, as git does, and by
    /// content where those differ.
    fn compare(&self, entry: &gix::index::Entry, path: &Path) -> FileState {
        let place = self.place.join(path);
        let Ok(metadata) = fs::symlink_metadata(&place) else { return FileState::Gone };
        if entry.mode == Mode::COMMIT {
            return FileState::Same;
        }
        let mode_fits = match entry.mode {
            Mode::SYMLINK => metadata.is_symlink(),
            Mode::FILE_EXECUTABLE => metadata.is_file() && metadata.mode() & 0o100 != 0,
            _ => metadata.is_file() && metadata.mode() & 0o100 == 0,
        };
        if !mode_fits {
            return FileState::Changed;
        }
        if unchanged_by_times(entry, &metadata) || self.same_content(entry.id, &place, &metadata) {
            return FileState::Same;
        }
        FileState::Changed
    }

    fn same_content(&self, id: ObjectId, place: &Path, metadata: &fs::Metadata) -> bool {
        let content = if metadata.is_symlink() {
            fs::read_link(place).map(|target| target.into_os_string().into_encoded_bytes())
        } else {
            fs::read(place)
        };
        let Ok(content) = content else { return false };
        let same = gix::objs::compute_hash(id.kind(), gix::objs::Kind::Blob, &content)
            .is_ok_and(|hash| hash == id);
        same || self.pointer(id).is_some_and(|pointer| pointer.is_of(&content))
    }

    /// The pointer to a large file that an object is.
    fn pointer(&self, id: ObjectId) -> Option<Pointer> {
        let size = self.repository.find_header(id).ok()?.size();
        (size < POINTER_LIMIT).then(|| Pointer::parse(&self.blob(id).ok()?))?
    }
}

enum FileState {
    Same,
    Changed,
    Gone,
}

/// Same size and modification time, and old enough that a write in the same tick can't hide.
fn unchanged_by_times(entry: &gix::index::Entry, metadata: &fs::Metadata) -> bool {
    let stat = &entry.stat;
    stat.size as u64 == metadata.size() & 0xffff_ffff
        && i64::from(stat.mtime.secs) == metadata.mtime()
        && i64::from(stat.mtime.nsecs) == metadata.mtime_nsec()
        && stat.mtime.nsecs != 0
}

fn mode_bits(mode: Mode) -> u32 {
    mode.bits()
}

fn failed(place: &Path, what: &str, error: &dyn std::error::Error) -> InputError {
    InputError::new(format!("Git repository '{}' {what}: {error}", place.display()))
}

fn io<T>(place: &Path, result: std::io::Result<T>) -> Result<T, InputError> {
    result.map_err(|error| InputError::new(format!("cannot write '{}': {error}", place.display())))
}
