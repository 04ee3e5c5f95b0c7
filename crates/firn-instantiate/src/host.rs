//! What evaluation sees of the outside: files, environment, a store, and someone who builds.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use firn_eval::{ContextElem, ErrorKind, FileMark, FileType, Host, HostError, HostResult, TreeKey};
use firn_fetch::marks::{Marks, is_settled, notes_changes};
use firn_formats::derivation::DraftRecord;
use firn_formats::{
    ContentAddressMethod, ContextElement, DerivedPath, HashAlgo, OutputsSpec, Placeholder,
    SingleDerivedPath, StoreDir, StorePath, StorePathSet,
};
use firn_store::{BuildMode, Content, Realise, Store, StoreError, compute_path};
use firn_syntax::Stretch;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::access::{Access, Look};
use crate::context::to_store;
use crate::copied::FileHashes;
use crate::notes::note_key;
use crate::origins::Origins;
use crate::reading::{read_plain, read_whole};
use crate::table::Table;
use crate::trees::Trees;

/// A function that finds the folder behind an element of the search path.
pub type FindElement = Box<dyn Fn(&str) -> HostResult<Option<String>>>;

/// A function that takes a message for the user.
pub type Say = Box<dyn Fn(&str)>;

/// Paths and hashes of derivations ([`DraftRecord`]), by what they are made of.
pub type KnownDrafts = Table<{ size_of::<DraftRecord>() }>;

/// What the program gives to evaluation besides stores: values and callbacks, so that nothing here
/// reads the process environment or prints.
pub struct Outside {
    /// The environment variables.
    pub environment: HashMap<String, Vec<u8>>,
    /// Where lines that are complete as they are go, such as those of `builtins.trace`.
    pub trace: Say,
    /// Where warnings go.
    pub warn: Say,
    /// Set when the user asks to stop.
    pub interrupted: Arc<AtomicBool>,
    /// Finds what an element of the search path that is no path stands for: a URL, `flake:…`.
    pub search_path_element: FindElement,
    /// Where parsed files are kept, if they are.
    pub trees: Option<Trees>,
    /// What is known of files that were copied to the store, if it is kept.
    pub file_hashes: Option<FileHashes>,
    /// What is known of folders that were read before, if it is kept.
    pub known_folders: Option<Trees>,
    /// What is known of derivations that were made before, if it is kept.
    pub known_drafts: Option<KnownDrafts>,
    /// The time, which tells whether a file changed a moment ago.
    pub now: fn() -> SystemTime,
    /// Whether builds may run during evaluation (`allow-import-from-derivation`).
    pub allow_import_from_derivation: bool,
    /// Whether they are warned of (`trace-import-from-derivation`).
    pub trace_import_from_derivation: bool,
}

/// The host of an evaluation over a store.
pub struct StoreHost {
    /// The store that derivations and sources are added to.
    pub store: Arc<dyn Store>,
    /// Who builds what expressions read.
    pub realiser: Arc<dyn Realise>,
    /// What may be read.
    pub access: Access,
    /// What source trees are copies of.
    pub origins: Origins,
    /// Compute store paths without adding anything.
    pub read_only: bool,
    outside: Outside,
    store_prefix: String,
    /// Where objects of the store lie, when that is not where their paths say.
    real_store: Option<PathBuf>,
    copied: RefCell<HashMap<String, String>>,
    /// The plain file that was looked at last, and its marks: as a rule it is read next.
    looked_at: RefCell<Option<(PathBuf, Marks)>>,
    /// Files and folders of the store that are known to be no links.
    plain: RefCell<FxHashSet<String>>,
    /// Whether file systems note changes, by their devices.
    devices: RefCell<FxHashMap<u64, bool>>,
}

impl StoreHost {
    /// A host.
    pub fn new(
        store: Arc<dyn Store>,
        realiser: Arc<dyn Realise>,
        access: Access,
        read_only: bool,
        outside: Outside,
    ) -> Self {
        let store_prefix = format!("{}/", store.store_dir().as_str());
        let real_store = real_store(&*store);
        StoreHost {
            store,
            realiser,
            access,
            origins: Origins::default(),
            read_only,
            outside,
            store_prefix,
            real_store,
            copied: RefCell::default(),
            looked_at: RefCell::default(),
            plain: RefCell::default(),
            devices: RefCell::default(),
        }
    }

    /// The store folder.
    pub fn store_dir(&self) -> &StoreDir {
        self.store.store_dir()
    }

    /// Where a path that the language names lies on disk.
    pub fn real_path<'p>(&self, path: &'p str) -> std::borrow::Cow<'p, Path> {
        match (&self.real_store, path.strip_prefix(&self.store_prefix)) {
            (Some(real), Some(inside)) => real.join(inside).into(),
            _ => Path::new(path).into(),
        }
    }

    /// The place of what may be read, whatever links it leads over.
    fn checked<'p>(&self, path: &'p str) -> HostResult<std::borrow::Cow<'p, Path>> {
        self.access.check(path).map_err(HostError::restricted)?;
        self.checked_links(path, Look::Read)
    }

    /// The place of what may be looked at; if it is a link, then itself.
    fn checked_entry<'p>(&self, path: &'p str) -> HostResult<std::borrow::Cow<'p, Path>> {
        if !self.access.shows(path) {
            return Err(HostError::restricted(self.access.refusal(path)));
        }
        self.checked_links(path, Look::Entry)
    }

    fn checked_links<'p>(
        &self,
        path: &'p str,
        look: Look,
    ) -> HostResult<std::borrow::Cow<'p, Path>> {
        let real = self.real_path(path);
        if !self.access.is_unlimited() {
            let is_link = look != Look::Entry && fs::read_link(&real).is_ok();
            let resolve = |place: &str| resolve_links(self, place);
            self.access.check_links(path, look, is_link, resolve).map_err(HostError::restricted)?;
        }
        Ok(real)
    }

    pub(crate) fn known_folders(&self) -> Option<&Trees> {
        self.outside.known_folders.as_ref()
    }

    pub(crate) fn known_drafts(&self) -> Option<&KnownDrafts> {
        self.outside.known_drafts.as_ref()
    }

    pub(crate) fn file_hashes(&self) -> Option<&FileHashes> {
        self.outside.file_hashes.as_ref()
    }

    pub(crate) fn is_settled(&self, marks: &Marks) -> bool {
        is_settled(marks.last_change(), (self.outside.now)())
    }

    /// The marks of a plain file, links followed.
    fn marks(&self, real: &Path) -> Option<Marks> {
        let mut looked_at = self.looked_at.borrow_mut();
        if let Some((path, marks)) = &*looked_at
            && path == real
        {
            return Some(*marks);
        }
        let metadata = fs::metadata(real).ok().filter(fs::Metadata::is_file)?;
        let marks = Marks::of(&metadata);
        *looked_at = Some((real.to_owned(), marks));
        Some(marks)
    }

    /// Whether the marks of what is at a place tell all changes of it.
    pub(crate) fn notes_changes(&self, real: &Path, marks: &Marks) -> bool {
        let mut devices = self.devices.borrow_mut();
        *devices.entry(marks.device()).or_insert_with(|| notes_changes(real))
    }

    /// Whether an object is in the store and stays there, or need not be there.
    ///
    /// # Errors
    /// The store can't tell.
    pub(crate) fn has(&self, path: &StorePath) -> Result<bool, StoreError> {
        if self.read_only {
            return Ok(true);
        }
        // First a root, so that nobody takes away what was found.
        self.store.add_temp_root(path)?;
        self.store.is_valid(path)
    }

    /// Adds content by its hash, or computes its path where nothing may be added.
    ///
    /// # Errors
    /// The tree can't be read or the store refuses.
    pub fn add(
        &self,
        name: &str,
        content: Content<'_>,
        method: ContentAddressMethod,
        algo: HashAlgo,
        references: &StorePathSet,
    ) -> HostResult<StorePath> {
        let added = if self.read_only {
            compute_path(self.store_dir(), name, content, method, algo, references)
                .map_err(in_store)?
                .0
        } else {
            self.store.add(name, content, method, algo, references).map_err(in_store)?
        };
        self.access.allow(&self.store_dir().display(&added));
        Ok(added)
    }

    pub(crate) fn file_error(&self, action: &str, path: &str, error: &io::Error) -> HostError {
        match error.kind() {
            io::ErrorKind::NotFound => HostError::new(self.origins.missing(path)),
            _ => HostError::new(format!("{action} '{path}': {error}")),
        }
    }

    fn outputs_in(
        &self,
        context: &[ContextElem],
    ) -> HostResult<(Vec<DerivedPath>, Vec<StorePath>)> {
        let (mut built, mut plain) = (Vec::new(), Vec::new());
        for elem in context {
            match to_store(self.store_dir(), elem)
                .map_err(|error| HostError::new(error.to_string()))?
            {
                ContextElement::Built { drv, output } => {
                    built.push(DerivedPath::Built { drv, outputs: OutputsSpec::one(output) });
                }
                ContextElement::Opaque(path) | ContextElement::DrvDeep(path) => plain.push(path),
            }
        }
        Ok((built, plain))
    }

    fn check_valid(&self, paths: &[StorePath]) -> HostResult<()> {
        for path in paths.iter().filter(|_| !self.read_only) {
            if !self.store.is_valid(path).map_err(in_store)? {
                let path = self.store_dir().display(path);
                return Err(HostError::new(format!("path '{path}' is not valid")));
            }
        }
        Ok(())
    }

    fn build(&self, wanted: &[DerivedPath]) -> HostResult<Vec<(String, String)>> {
        if !self.outside.allow_import_from_derivation {
            let first =
                wanted.first().map(|path| path.display(self.store_dir())).unwrap_or_default();
            return Err(HostError::new(format!(
                "cannot build '{first}' during evaluation because the option 'allow-import-from-derivation' is disabled"
            )));
        }
        if let (true, Some(first)) = (self.outside.trace_import_from_derivation, wanted.first()) {
            (self.outside.warn)(&format!(
                "built '{}' during evaluation due to an import from derivation",
                first.display(self.store_dir())
            ));
        }
        let realised = self.realiser.realise(wanted, BuildMode::Normal).map_err(in_store)?;
        let mut replaced = Vec::new();
        for one in realised {
            let DerivedPath::Built { drv, .. } = &one.wanted else { continue };
            for (output, path) in &one.outputs {
                self.allow_closure(path)?;
                let path = self.store_dir().display(path);
                if let Some(placeholder) = self.placeholder(drv, output)? {
                    replaced.push((placeholder, path));
                }
            }
        }
        Ok(replaced)
    }

    /// Lets evaluation read what was built, and what that refers to.
    fn allow_closure(&self, path: &StorePath) -> HostResult<()> {
        if self.access.is_unlimited() {
            return Ok(());
        }
        let start = StorePathSet::from([path.clone()]);
        for path in firn_store::closure(&*self.store, &start).map_err(in_store)? {
            self.access.allow(&self.store_dir().display(&path));
        }
        Ok(())
    }

    /// The text that stands for an output in strings while its path is not known.
    fn placeholder(&self, drv: &SingleDerivedPath, output: &str) -> HostResult<Option<String>> {
        let bad = |error: &dyn std::fmt::Display| HostError::new(error.to_string());
        if let SingleDerivedPath::Opaque(path) = drv {
            let derivation = self.store.read_derivation(path).map_err(in_store)?;
            let known = derivation.output_path(self.store_dir(), output).map_err(|e| bad(&e))?;
            if known.is_some() {
                return Ok(None);
            }
        }
        let placeholder = Placeholder::for_built(drv, output).map_err(|e| bad(&e))?;
        Ok(Some(placeholder.render()))
    }
}

/// Where a store's objects lie, if not at their logical paths.
fn real_store(store: &dyn Store) -> Option<PathBuf> {
    let probe = StorePath::new("00000000000000000000000000000000-x").ok()?;
    let real = store.to_real_path(&probe)?;
    let folder = real.parent()?.to_path_buf();
    (folder != Path::new(store.store_dir().as_str())).then_some(folder)
}

/// A store's error as the evaluator reports it.
pub fn in_store(error: firn_store::StoreError) -> HostError {
    HostError::new(error.to_string())
}

impl Host for StoreHost {
    fn read_file(&self, path: &str) -> HostResult<Vec<u8>> {
        let real = self.checked(path)?;
        let known = self.looked_at.take().filter(|(path, _)| *path == real);
        let content = match known {
            Some((_, marks)) => read_plain(&real, marks.size()),
            None => read_whole(&real, &self.outside.interrupted),
        };
        content.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => HostError {
                kind: ErrorKind::Interrupted,
                ..HostError::new("interrupted by the user")
            },
            _ => self.file_error("reading from file", path, &error),
        })
    }

    fn read_dir(&self, path: &str) -> HostResult<Vec<(Vec<u8>, FileType)>> {
        self.checked_entry(path)?;
        let real = self.checked_links(path, Look::Follow)?;
        let mut entries = self.entries(path, &real)?;
        let resolved = match self.access.is_unlimited() {
            true => path.to_owned(),
            false => resolve_links(self, path)?,
        };
        if !self.access.permits(&resolved) {
            let folder = resolved.trim_end_matches('/');
            entries.retain(|(name, _)| {
                self.access.shows(&format!("{folder}/{}", String::from_utf8_lossy(name)))
            });
        }
        Ok(entries)
    }

    fn file_type(&self, path: &str) -> HostResult<Option<FileType>> {
        let real = self.checked_entry(path)?;
        match fs::symlink_metadata(&real) {
            Ok(metadata) => {
                if metadata.is_file() {
                    *self.looked_at.borrow_mut() = Some((real.into_owned(), Marks::of(&metadata)));
                }
                Ok(Some(file_type(metadata.file_type())))
            }
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.file_error("getting status of", path, &error)),
        }
    }

    fn path_exists(&self, path: &str) -> HostResult<bool> {
        match self.checked_entry(path).and_then(|_| self.checked_links(path, Look::Follow)) {
            Ok(real) => Ok(fs::metadata(real).is_ok()),
            // What may not be read is not there, as far as `pathExists` tells.
            Err(_) => Ok(false),
        }
    }

    fn read_link(&self, path: &str) -> HostResult<Option<Vec<u8>>> {
        let real = self.checked_entry(path)?;
        // What is no link can't be read as one; whether it is there shows when it is used.
        Ok(fs::read_link(real).ok().map(|target| target.into_os_string().into_encoded_bytes()))
    }

    fn resolve_links(&self, path: &str) -> HostResult<String> {
        resolve_links(self, path)
    }

    fn references_in(&self, path: &str, content: &[u8]) -> HostResult<Vec<ContextElem>> {
        if self.read_only || !path.starts_with(&self.store_prefix) {
            return Ok(Vec::new());
        }
        let Ok((object, _)) = self.store_dir().split(path) else { return Ok(Vec::new()) };
        let Some(info) = self.store.path_info(&object).map_err(in_store)? else {
            return Ok(Vec::new());
        };
        let mentioned = |path: &&StorePath| contains(content, path.hash_part().as_bytes());
        let paths = info.references.iter().filter(mentioned);
        Ok(paths.map(|path| ContextElem::Path(self.store_dir().display(path))).collect())
    }

    fn shown_path<'p>(&self, path: &'p str) -> std::borrow::Cow<'p, str> {
        self.origins.shown(path)
    }

    fn missing_text(&self, path: &str) -> String {
        self.origins.missing(path)
    }

    fn env_var(&self, name: &str) -> Option<Vec<u8>> {
        self.outside.environment.get(name).cloned()
    }

    fn search_path_entry(&self, element: &str) -> HostResult<Option<String>> {
        if element.starts_with('/') {
            let there = fs::symlink_metadata(self.real_path(element)).is_ok();
            return Ok(there.then(|| element.to_owned()));
        }
        let found = (self.outside.search_path_element)(element)?;
        if let Some(path) = &found {
            self.access.allow(path);
        }
        Ok(found)
    }

    fn copy_to_store(&self, path: &str) -> HostResult<String> {
        if let Some(known) = self.copied.borrow().get(path) {
            return Ok(known.clone());
        }
        self.access.check(path).map_err(HostError::restricted)?;
        let real = self.checked_links(path, Look::Entry)?;
        let Ok(metadata) = fs::symlink_metadata(&real) else {
            return Err(HostError::new(self.origins.missing(path)));
        };
        let name = path.rsplit('/').next().unwrap_or(path);
        let added = self.copy(name, &real, &metadata)?;
        let added = self.store_dir().display(&added);
        self.copied.borrow_mut().insert(path.to_owned(), added.clone());
        Ok(added)
    }

    fn realise(&self, context: &[ContextElem]) -> HostResult<Vec<(String, String)>> {
        let (built, plain) = self.outputs_in(context)?;
        self.check_valid(&plain)?;
        if built.is_empty() { Ok(Vec::new()) } else { self.build(&built) }
    }

    fn place(&self, path: &str) -> Option<PathBuf> {
        Some(self.real_path(path).into_owned())
    }

    fn kept_tree(&self, key: &TreeKey) -> Option<Stretch> {
        self.outside.trees.as_ref()?.get(key)
    }

    fn keep_tree(&self, key: TreeKey, tree: &dyn Fn() -> Option<Vec<u8>>) {
        if let Some(trees) = &self.outside.trees
            && let Some(tree) = tree()
        {
            trees.put(key, tree);
        }
    }

    fn file_mark(&self, path: &str, salt: &[u8]) -> Option<FileMark> {
        let real = self.checked(path).ok()?;
        let marks = self.marks(&real).filter(|marks| self.notes_changes(&real, marks))?;
        Some(FileMark {
            key: note_key(&[salt, &marks.bytes(), real.as_os_str().as_bytes()]),
            size: usize::try_from(marks.size()).ok()?,
            is_settled: self.is_settled(&marks),
        })
    }

    fn marked_tree(&self, mark: &FileMark) -> Option<Stretch> {
        let tree = self.outside.trees.as_ref()?.of_mark(&mark.key)?;
        // Nobody reads the file now: who asks for it next looks at it anew.
        self.looked_at.take();
        Some(tree)
    }

    fn mark_tree(&self, mark: &FileMark, key: TreeKey) {
        if let Some(trees) = &self.outside.trees {
            trees.mark(mark.key, key);
        }
    }

    fn keeps_trees(&self) -> bool {
        self.outside.trees.is_some()
    }

    fn memory_grew(&self) {
        if let Some(trees) = &self.outside.trees {
            trees.let_go();
        }
    }

    fn trace(&self, message: &str) {
        (self.outside.trace)(&format!("trace: {message}"));
    }

    fn evaluation_warning(&self, message: &str) {
        let prefix = "evaluation warning: ";
        let text = message.trim_end();
        (self.outside.trace)(&firn_diag::cppnix::indent(prefix, prefix.len(), text));
    }

    fn warn(&self, message: &str) {
        (self.outside.warn)(message);
    }

    fn report(&self, text: &str) {
        (self.outside.trace)(text);
    }

    fn interrupted(&self) -> bool {
        self.outside.interrupted.load(Ordering::Relaxed)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

pub(crate) fn file_type(kind: fs::FileType) -> FileType {
    if kind.is_file() {
        FileType::Regular
    } else if kind.is_dir() {
        FileType::Directory
    } else if kind.is_symlink() {
        FileType::Symlink
    } else {
        FileType::Unknown
    }
}

/// How many links one path may lead through, as in the kernel.
const MOST_LINKS: usize = 40;

/// Resolves links part by part, so that links inside a store elsewhere lead on within the language's
/// own paths.
pub(crate) fn resolve_links(host: &StoreHost, path: &str) -> HostResult<String> {
    let mut left: Vec<String> =
        path.rsplit('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    // The store's own folder may be a link: what lies in it has its names all the same.
    let mut resolved = match path.starts_with(&host.store_prefix) {
        true => {
            let depth = host.store_prefix.matches('/').count() - 1;
            left.truncate(left.len().saturating_sub(depth));
            host.store_prefix.trim_end_matches('/').to_owned()
        }
        false => String::new(),
    };
    let mut links = 0;
    while let Some(part) = left.pop() {
        match part.as_str() {
            "." => continue,
            ".." => {
                resolved.truncate(resolved.rfind('/').unwrap_or(0));
                continue;
            }
            _ => {}
        }
        let next = format!("{resolved}/{part}");
        if host.plain.borrow().contains(&next) {
            resolved = next;
            continue;
        }
        let target = fs::read_link(host.real_path(&next));
        match target {
            Err(error) => {
                // What is in the store stays as it is.
                if error.kind() == io::ErrorKind::InvalidInput
                    && next.starts_with(&host.store_prefix)
                {
                    host.plain.borrow_mut().insert(next.clone());
                }
                resolved = next;
            }
            Ok(target) => {
                links += 1;
                if links > MOST_LINKS {
                    return Err(HostError::new(format!(
                        "too many symbolic links encountered while traversing the path '{path}'"
                    )));
                }
                let target = target.to_string_lossy();
                if target.starts_with('/') {
                    resolved.clear();
                }
                left.extend(target.rsplit('/').filter(|part| !part.is_empty()).map(str::to_owned));
            }
        }
    }
    Ok(if resolved.is_empty() { "/".to_owned() } else { resolved })
}
