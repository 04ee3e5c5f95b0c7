//! Fetching inputs: from attributes to a tree in the store and attributes that pin it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firn_formats::{ContentAddressMethod, Hash, HashAlgo, Hasher, StorePath, StorePathSet, nar};
use firn_store::{Content, FileKind, Store};

use super::forge::Forge;
use super::local_git::LocalGit;
use super::seen::Seen;
use super::{Attrs, Input, InputError, git, is_rev};

/// The network, as the fetchers need it.
pub trait Transport: Send + Sync {
    /// Writes what a URL gives to a file.
    ///
    /// # Errors
    /// [`InputError::unreachable`] when the host can't be reached or the network may not be used.
    fn download(&self, url: &str, file: &Path) -> Result<(), InputError>;

    /// As [`Transport::download`], with headers of the caller's own in the request.
    fn download_with(
        &self,
        url: &str,
        headers: &[(String, String)],
        file: &Path,
    ) -> Result<(), InputError>;

    /// Sends a text to a URL, with these headers, and gives the answer.
    ///
    /// # Errors
    /// As [`Transport::download`].
    fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<Vec<u8>, InputError>;

    /// Unpacks an archive below a folder, which is made; a single top folder is left out. Gives the
    /// newest modification time in it, in seconds since 1970; 0 where it has none.
    fn unpack(&self, archive: &Path, folder: &Path) -> Result<u64, InputError>;
}

/// The program `git`, which clones repositories that are not on this machine's disk.
#[derive(Clone, Debug)]
pub struct GitProgram(pub PathBuf);

/// The program `hg`, which fetches Mercurial repositories.
#[derive(Clone, Debug)]
pub struct HgProgram(pub PathBuf);

/// A fetched input.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The tree in the store.
    pub store_path: StorePath,
    /// The input with its content pinned as far as it can be: hash, revision, time.
    pub input: Input,
}

/// Fetches inputs into a store.
pub struct Fetcher {
    /// The store that trees are added to.
    pub store: Arc<dyn Store>,
    /// The network.
    pub transport: Arc<dyn Transport>,
    /// Where clones are kept between runs.
    pub cache: PathBuf,
    /// How to call git.
    pub git: GitProgram,
    /// How to call Mercurial.
    pub hg: HgProgram,
    /// How long what a reference named is good for (`tarball-ttl`).
    pub good_for: Duration,
    /// The distribution that is part of the program, as a tree on disk, made when asked for.
    pub base: Arc<dyn Fn() -> Result<PathBuf, InputError> + Send + Sync>,
    /// Where warnings go, such as "Git tree is dirty".
    pub warn: Arc<dyn Fn(&str) + Send + Sync>,
    /// Whether work trees with changes may be used (`allow-dirty`).
    pub allow_dirty: bool,
    /// Whether the user is told of them (`warn-dirty`).
    pub warn_dirty: bool,
    /// Fetch repositories on this machine's disk as if they were elsewhere.
    pub force_clone: bool,
    /// Where notes for those who look for a fault go.
    pub note: Arc<dyn Fn(&str) + Send + Sync>,
}

/// A tree on disk that is to become a store path, with what is known about it.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// Only these files, relative to the root; all when absent.
    pub(super) files: Option<BTreeSet<PathBuf>>,
    pub(super) info: Attrs,
    /// Removed when the tree is in the store.
    pub(super) scratch: Option<tempdir::Scratch>,
}

pub(super) mod tempdir {
    //! A folder that goes when it is no longer needed.

    use std::path::{Path, PathBuf};

    /// The folder.
    pub struct Scratch(PathBuf);

    impl Scratch {
        /// Makes a folder with a name of its own below `parent`.
        pub fn new(parent: &Path) -> std::io::Result<Self> {
            std::fs::create_dir_all(parent)?;
            for attempt in 0u32.. {
                let path = parent.join(format!("tmp-{}-{attempt}", std::process::id()));
                match std::fs::create_dir(&path) {
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    result => return result.map(|()| Scratch(path)),
                }
            }
            Err(std::io::ErrorKind::AlreadyExists.into())
        }

        /// Where it is.
        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            // A folder that can't be removed is left to the cache's next cleaning.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl Fetcher {
    /// Fetches an input; if it names a hash and the store has that tree, nothing is fetched.
    ///
    /// # Errors
    /// The input is relative or indirect, it can't be reached, or its content has another hash.
    pub fn fetch(&self, input: &Input) -> Result<Fetched, InputError> {
        if let Some(found) = self.already_there(input)? {
            return Ok(found);
        }
        let tree = self.tree(input)?;
        let (store_path, hash) = self.added(&tree, name_of(input))?;
        drop(tree.scratch);
        check_hash(input, &hash)?;
        let mut attrs = pin(input.attrs().clone(), &tree.info);
        if input.kind() != "base" {
            attrs.set("narHash", hash.sri());
        }
        Ok(Fetched { store_path, input: Input::from_attrs(attrs)? })
    }

    /// What the content of a fetched input depends on, as the reference's caches identify it.
    ///
    /// # Errors
    /// A work tree can't be read.
    pub fn fingerprint(&self, input: &Input) -> Result<Option<String>, InputError> {
        if let Some(known) = input.plain_fingerprint() {
            return Ok(Some(known));
        }
        let Some(place) = git::work_tree(input.attrs()).filter(|_| input.kind() == "git") else {
            return Ok(None);
        };
        let state =
            LocalGit::open(&place)?.work_tree(input.attrs().flag("submodules").unwrap_or(false))?;
        let head = state.head.map_or_else(|| "0".repeat(40), |head| head.to_string());
        let unreadable = |error: &dyn std::fmt::Display| {
            InputError::new(format!("cannot read '{}': {error}", place.display()))
        };
        let mut sum = Hasher::new(HashAlgo::Sha512);
        for file in &state.changed {
            feed(&mut sum, "modified:");
            feed(&mut sum, &format!("/{}", file.display()));
            nar::dump_path(&place.join(file), &mut sum).map_err(|error| unreadable(&error))?;
        }
        for file in &state.gone {
            feed(&mut sum, "deleted:");
            feed(&mut sum, &format!("/{}", file.display()));
        }
        Ok(Some(format!("{head};d={}", sum.finish().base16())))
    }

    fn already_there(&self, input: &Input) -> Result<Option<Fetched>, InputError> {
        // A tree that can change is looked at each time; a hash in it is then only checked.
        let Some(hash) = input.nar_hash().filter(|_| input.is_locked()) else { return Ok(None) };
        let hash = Hash::parse_sri(hash).map_err(|error| InputError::new(error.to_string()))?;
        let there = self.valid_path(&hash, name_of(input))?;
        Ok(there.map(|store_path| Fetched { store_path, input: input.clone() }))
    }

    /// The store path of a tree with this NAR hash and name, if the store has it; it then stays.
    fn valid_path(&self, nar_hash: &Hash, name: &str) -> Result<Option<StorePath>, InputError> {
        let store_path = self.path_of(nar_hash, name)?;
        // First a root, so that nobody takes away what was found.
        self.store.add_temp_root(&store_path).map_err(in_store)?;
        let valid = self.store.is_valid(&store_path).map_err(in_store)?;
        Ok(valid.then_some(store_path))
    }

    /// A tree in the store, and its NAR hash; one that was added before and is the same is not read again.
    fn added(&self, tree: &Tree, name: &str) -> Result<(StorePath, Hash), InputError> {
        let seen = Seen::look(&self.cache, tree);
        if let Some(hash) = seen.as_ref().and_then(Seen::nar_hash)
            && let Some(store_path) = self.valid_path(&hash, name)?
        {
            return Ok((store_path, hash));
        }
        let store_path = self.add(tree, name)?;
        let hash = self.nar_hash(&store_path)?;
        if let Some(seen) = seen {
            seen.remember(&hash);
        }
        Ok((store_path, hash))
    }

    /// The store path that a tree with this NAR hash and name has.
    pub fn path_of(&self, nar_hash: &Hash, name: &str) -> Result<StorePath, InputError> {
        let method = ContentAddressMethod::Nar;
        let address = firn_formats::ContentAddress { method, hash: *nar_hash };
        self.store
            .store_dir()
            .make_content_path(name, &address, &firn_formats::References::none())
            .map_err(|error| InputError::new(error.to_string()))
    }

    fn tree(&self, input: &Input) -> Result<Tree, InputError> {
        match input.kind() {
            "path" => path_tree(input),
            "base" => {
                Ok(Tree { root: (self.base)()?, files: None, info: Attrs::new(), scratch: None })
            }
            "git" => self.git_tree(input.attrs()),
            "hg" => self.hg_tree(input.attrs()),
            "tarball" => self.archive_tree(input.attrs().required_text("url")?, Attrs::new()),
            "file" => self.file_tree(input.attrs().required_text("url")?),
            "indirect" => Err(InputError::new(format!(
                "indirect input '{input}' cannot be fetched directly; it has to be looked up in a registry first"
            ))),
            kind => match Forge::of(kind) {
                Some(forge) => self.forge_tree(forge, input.attrs()),
                None => Err(InputError::new(format!("input type '{kind}' cannot be fetched"))),
            },
        }
    }

    fn add(&self, tree: &Tree, name: &str) -> Result<StorePath, InputError> {
        let none = StorePathSet::new();
        let method = ContentAddressMethod::Nar;
        match &tree.files {
            None => {
                self.store.add(name, Content::Tree(&tree.root), method, HashAlgo::Sha256, &none)
            }
            Some(files) => {
                let folders: BTreeSet<&Path> =
                    files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
                let mut filter = |path: &Path, kind: FileKind| {
                    let relative = path.strip_prefix(&tree.root).unwrap_or(path);
                    let wanted = match kind {
                        FileKind::Directory => {
                            folders.contains(relative) || files.contains(relative)
                        }
                        _ => files.contains(relative),
                    };
                    Ok(wanted)
                };
                let content = Content::Filtered(&tree.root, &mut filter);
                self.store.add(name, content, method, HashAlgo::Sha256, &none)
            }
        }
        .map_err(in_store)
    }

    fn nar_hash(&self, path: &StorePath) -> Result<Hash, InputError> {
        Ok(self.store.require_path_info(path).map_err(in_store)?.nar_hash)
    }

    /// Says that a work tree has changes, or refuses it.
    pub(super) fn dirty(&self, text: &str) -> Result<(), InputError> {
        if !self.allow_dirty {
            return Err(InputError::new(text));
        }
        if self.warn_dirty {
            (self.warn)(text);
        }
        Ok(())
    }

    fn forge_tree(&self, forge: &Forge, attrs: &Attrs) -> Result<Tree, InputError> {
        let rev = match attrs.text("rev")? {
            Some(rev) => rev.to_owned(),
            None => self.forge_revision(forge, attrs)?,
        };
        self.archive_tree(&forge.archive_url(attrs, &rev)?, Attrs::new().with("rev", rev))
    }

    fn forge_revision(&self, forge: &Forge, attrs: &Attrs) -> Result<String, InputError> {
        let reference = attrs.text("ref")?.unwrap_or("HEAD");
        let Some((url, pointer)) = forge.revision_url(attrs, reference)? else {
            let clone = self.clone_of(&forge.repository_url(attrs)?)?;
            return Ok(clone.revision(self, Some(reference), None)?.to_string());
        };
        let scratch = self.scratch()?;
        let file = scratch.path().join("answer");
        self.transport.download(&url, &file)?;
        let text =
            std::fs::read_to_string(&file).map_err(|error| InputError::new(error.to_string()))?;
        let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| {
            InputError::new(format!("'{url}' did not answer with JSON: {error}"))
        })?;
        let rev =
            json.pointer(pointer).and_then(serde_json::Value::as_str).filter(|rev| is_rev(rev));
        rev.map(str::to_owned).ok_or_else(|| {
            InputError::new(format!("'{url}' did not name a revision of '{reference}'"))
        })
    }

    fn archive_tree(&self, url: &str, mut info: Attrs) -> Result<Tree, InputError> {
        if url.strip_prefix("file:").is_some_and(|path| !path.starts_with('/')) {
            return Err(InputError::new(format!(
                "tarball '{url}' must use an absolute path. The 'file' scheme does not support relative paths."
            )));
        }
        let scratch = self.scratch()?;
        let (archive, root) = (scratch.path().join("archive"), scratch.path().join("tree"));
        self.transport.download(url, &archive)?;
        let time = self.transport.unpack(&archive, &root)?;
        if time > 0 {
            info.set("lastModified", time);
        }
        Ok(Tree { root, files: None, info, scratch: Some(scratch) })
    }

    fn file_tree(&self, url: &str) -> Result<Tree, InputError> {
        let scratch = self.scratch()?;
        let root = scratch.path().join("file");
        self.transport.download(url, &root)?;
        Ok(Tree { root, files: None, info: Attrs::new(), scratch: Some(scratch) })
    }

    pub(super) fn scratch(&self) -> Result<tempdir::Scratch, InputError> {
        tempdir::Scratch::new(&self.cache).map_err(|error| {
            InputError::new(format!(
                "cannot make a folder in the cache '{}': {error}",
                self.cache.display()
            ))
        })
    }
}

/// Feeds a string as archives hold it: its length, its bytes, and zeros up to a multiple of eight.
fn feed(sum: &mut Hasher, text: &str) {
    sum.update(&(text.len() as u64).to_le_bytes());
    sum.update(text.as_bytes());
    sum.update(&[0; 8][..(8 - text.len() % 8) % 8]);
}

/// The name of an input's store path.
fn name_of(input: &Input) -> &str {
    input.attrs().text("name").ok().flatten().unwrap_or("source")
}

fn path_tree(input: &Input) -> Result<Tree, InputError> {
    let path = input.attrs().required_text("path")?;
    if !path.starts_with('/') {
        return Err(InputError::new(format!(
            "cannot fetch input '{input}' because it uses a relative path"
        )));
    }
    let root = PathBuf::from(path);
    if !root.exists() {
        return Err(InputError::new(format!("path '{path}' does not exist")));
    }
    let mut info = Attrs::new();
    if let Some(time) = newest(&root).filter(|_| input.last_modified().is_none()) {
        info.set("lastModified", time);
    }
    Ok(Tree { root, files: None, info, scratch: None })
}

/// The newest modification time in a tree, in seconds since 1970.
fn newest(root: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(root).ok()?;
    let own = u64::try_from(metadata.mtime()).unwrap_or(0);
    if !metadata.is_dir() {
        return Some(own);
    }
    let entries = std::fs::read_dir(root).ok()?;
    let below = entries.flatten().filter_map(|entry| newest(&entry.path())).max();
    Some(below.map_or(own, |below| below.max(own)))
}

/// The attributes of a fetched input: what was asked for with what was found out.
fn pin(mut attrs: Attrs, info: &Attrs) -> Attrs {
    let branch_wanted =
        attrs.get("ref").is_some() || matches!(attrs.text("type"), Ok(Some("git" | "hg")));
    for (name, value) in info.iter() {
        if name != "ref" || branch_wanted {
            attrs.set(name, value.clone());
        }
    }
    // The archive of a forge is named by its revision alone.
    if Forge::of(attrs.text("type").ok().flatten().unwrap_or_default()).is_some() {
        attrs.remove("ref");
    }
    attrs
}

fn check_hash(input: &Input, got: &Hash) -> Result<(), InputError> {
    match input.nar_hash() {
        Some(wanted) if wanted != got.sri() => Err(InputError {
            mismatch: true,
            ..InputError::new(format!(
                "NAR hash mismatch in input '{input}'\n  specified: {wanted}\n       got: {}\n\
             help: the source changed since it was locked; 'firn flake update' locks it anew",
                got.sri()
            ))
        }),
        _ => Ok(()),
    }
}

fn in_store(error: firn_store::StoreError) -> InputError {
    InputError::new(error.to_string())
}
