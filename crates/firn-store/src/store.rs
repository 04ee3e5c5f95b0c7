//! What every store can do.

use std::{
    collections::BTreeMap,
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use firn_formats::{ContentAddressMethod, Derivation, HashAlgo, StoreDir, StorePath, StorePathSet};

use crate::{PathInfo, Realisation, StoreError, StoreResult};

/// What a file is, as filters of `builtins.path` see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Anything else.
    Unknown,
}

impl FileKind {
    /// The word that the language uses: `regular`, `directory`, `symlink` or `unknown`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regular => "regular",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Unknown => "unknown",
        }
    }
}

/// Decides for each path below a tree's root whether it is taken; the root itself is not asked.
///
/// An error of the caller's own is carried out as [`StoreError::Callback`].
pub type Filter<'a> = dyn FnMut(&Path, FileKind) -> StoreResult<bool> + 'a;

/// What is added to a store.
pub enum Content<'a> {
    /// One regular file, not executable.
    Bytes(&'a [u8]),
    /// A NAR; exactly its bytes are read.
    Nar(&'a mut dyn BufRead),
    /// A file tree on disk.
    Tree(&'a Path),
    /// A file tree on disk without what the filter refuses.
    Filtered(&'a Path, &'a mut Filter<'a>),
}

/// How an object with known metadata is added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AddOptions {
    /// Replace the object even if it is valid.
    pub repair: bool,
    /// Refuse objects which are neither content-addressed nor signed by a trusted key.
    pub check_signatures: bool,
}

/// A store: objects, what is known of them, and roots that keep them.
///
/// All methods may be called from several threads. Invariant: once [`Store::is_valid`] says yes,
/// the object and all it refers to are complete and readable (I4).
pub trait Store: Send + Sync {
    /// The logical store folder.
    fn store_dir(&self) -> &StoreDir;

    /// Metadata of a valid path, `None` when it is not valid.
    fn path_info(&self, path: &StorePath) -> StoreResult<Option<Arc<PathInfo>>>;

    /// Whether `path` is valid.
    fn is_valid(&self, path: &StorePath) -> StoreResult<bool> {
        Ok(self.path_info(path)?.is_some())
    }

    /// Metadata of a path that must be valid.
    ///
    /// # Errors
    /// [`StoreError::NotValid`] when it is not.
    fn require_path_info(&self, path: &StorePath) -> StoreResult<Arc<PathInfo>> {
        self.path_info(path)?.ok_or_else(|| StoreError::NotValid(self.store_dir().display(path)))
    }

    /// Those of `paths` that are valid.
    fn query_valid(&self, paths: &StorePathSet) -> StoreResult<StorePathSet> {
        let mut valid = StorePathSet::new();
        for path in paths {
            if self.is_valid(path)? {
                valid.insert(path.clone());
            }
        }
        Ok(valid)
    }

    /// Every valid path.
    fn all_valid(&self) -> StoreResult<StorePathSet>;

    /// The valid path with this hash part (32 digits).
    fn path_from_hash_part(&self, hash_part: &str) -> StoreResult<Option<StorePath>>;

    /// Valid paths that refer to `path`.
    fn referrers(&self, path: &StorePath) -> StoreResult<StorePathSet>;

    /// Valid derivations that have `path` among their outputs.
    fn valid_derivers(&self, path: &StorePath) -> StoreResult<StorePathSet>;

    /// Outputs of the derivation at `drv` with the paths known for them, built or not.
    fn derivation_outputs(
        &self,
        drv: &StorePath,
    ) -> StoreResult<BTreeMap<String, Option<StorePath>>> {
        let derivation = self.read_derivation(drv)?;
        let mut outputs = derivation.output_paths(self.store_dir())?;
        for (name, path) in &mut outputs {
            if path.is_none() {
                *path = self.realisation(drv, name)?.map(|r| r.out_path);
            }
        }
        Ok(outputs)
    }

    /// What is known about an output of a content-addressing derivation.
    fn realisation(&self, drv: &StorePath, output: &str) -> StoreResult<Option<Realisation>>;

    /// Remembers what an output of a content-addressing derivation turned out to be.
    fn register_realisation(&self, realisation: &Realisation) -> StoreResult<()>;

    /// Adds content under the path that follows from it, and returns that path.
    ///
    /// `references` are declared by the caller, not scanned for. The path has a temporary root
    /// when this returns.
    fn add(
        &self,
        name: &str,
        content: Content<'_>,
        method: ContentAddressMethod,
        algo: HashAlgo,
        references: &StorePathSet,
    ) -> StoreResult<StorePath>;

    /// Adds an object with known metadata from its NAR, which is read to its end.
    ///
    /// # Errors
    /// [`StoreError::HashMismatch`] when content and metadata differ; a reference not valid; no
    /// trusted signature where one is asked for.
    fn add_nar(
        &self,
        info: &PathInfo,
        nar: &mut dyn BufRead,
        options: AddOptions,
    ) -> StoreResult<()>;

    /// Makes objects that already lie complete at their real paths valid, all or none of them.
    ///
    /// Each must refer only to valid objects or others in `infos`.
    fn register_valid_paths(&self, infos: &[PathInfo]) -> StoreResult<()>;

    /// Writes the NAR of a valid path.
    fn write_nar(&self, path: &StorePath, out: &mut dyn Write) -> StoreResult<()>;

    /// Where the object lies on this machine's disk, if it does, whether it is valid or not.
    fn to_real_path(&self, path: &StorePath) -> Option<PathBuf>;

    /// The bytes of a regular file in a valid object; `inner` is empty or `/a/b`.
    ///
    /// Symbolic links are followed within the same object only.
    fn read_file(&self, path: &StorePath, inner: &str) -> StoreResult<Vec<u8>>;

    /// Reads and parses a `.drv` file.
    fn read_derivation(&self, path: &StorePath) -> StoreResult<Derivation> {
        read_derivation(self, path)
    }

    /// Keeps `path` from being collected while this process lives.
    fn add_temp_root(&self, path: &StorePath) -> StoreResult<()>;

    /// Makes `link` a symbolic link to `path` that keeps it from being collected, and returns it.
    ///
    /// A link outside the store's own folder of roots is registered there as an indirect root.
    fn add_perm_root(&self, path: &StorePath, link: &Path) -> StoreResult<PathBuf>;

    /// Adds signatures to a valid path.
    fn add_signatures(&self, path: &StorePath, signatures: &[String]) -> StoreResult<()>;
}

/// Adds a text file with references, as `builtins.toFile` and `.drv` files are.
pub fn add_text<S: Store + ?Sized>(
    store: &S,
    name: &str,
    text: &[u8],
    references: &StorePathSet,
) -> StoreResult<StorePath> {
    store.add(name, Content::Bytes(text), ContentAddressMethod::Text, HashAlgo::Sha256, references)
}

/// Reads and parses a `.drv` file of any store.
pub fn read_derivation<S: Store + ?Sized>(store: &S, path: &StorePath) -> StoreResult<Derivation> {
    let name = path.derivation_name()?;
    let text = store.read_file(path, "")?;
    Ok(Derivation::from_aterm(store.store_dir(), &text, name)?)
}
