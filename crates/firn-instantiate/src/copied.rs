//! Sources of the disk that are copied to the store. The hash of a plain file is remembered with the file's marks, so that
//! one that has not changed is neither read nor hashed again.

use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use firn_eval::{HostError, HostResult};
use firn_fetch::marks::Marks;
use firn_formats::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, References, StorePath, StorePathSet,
};
use firn_store::{Content, compute_path};

use crate::host::{StoreHost, in_store};
use crate::notes::{Notes, note_key};

const METHOD: ContentAddressMethod = ContentAddressMethod::Nar;

/// SHA-256 hashes of the archives of plain files, by their marks.
pub type FileHashes = Notes<32>;

impl StoreHost {
    /// Copies what is at `real` to the store, or computes its path where nothing may be added.
    ///
    /// # Errors
    /// It can't be read, or the store refuses.
    pub(crate) fn copy(
        &self,
        name: &str,
        real: &Path,
        metadata: &Metadata,
    ) -> HostResult<StorePath> {
        let marks = metadata.is_file().then(|| Marks::of(metadata));
        let marks = marks.filter(|marks| self.notes_changes(real, marks));
        let Some((hashes, marks)) = self.file_hashes().zip(marks) else {
            return Ok(self.copy_tree(name, real)?.0);
        };
        let key = note_key(&[&marks.bytes(), real.as_os_str().as_bytes()]);
        let known = hashes.get(&key);
        if let Some(hash) = &known
            && let Some(path) = self.copied_before(name, hash)?
        {
            return Ok(path);
        }
        let (added, hash) = self.copy_tree(name, real)?;
        let is_new = known.is_none() && self.is_settled(&marks);
        if let Some(hash) = hash.filter(|_| is_new) {
            hashes.put(key, hash);
        }
        Ok(added)
    }

    /// The path of what was copied, and the hash of its archive, if that is known.
    fn copy_tree(&self, name: &str, real: &Path) -> HostResult<(StorePath, Option<[u8; 32]>)> {
        let (content, none) = (Content::Tree(real), StorePathSet::new());
        let (path, hash) = if self.read_only {
            let dir = self.store_dir();
            let made = compute_path(dir, name, content, METHOD, HashAlgo::Sha256, &none);
            let (path, address) = made.map_err(in_store)?;
            self.access.allow(&dir.display(&path));
            (path, Some(address.hash))
        } else {
            let path = self.add(name, content, METHOD, HashAlgo::Sha256, &none)?;
            let info = self.store.path_info(&path).map_err(in_store)?;
            (path, info.map(|info| info.nar_hash))
        };
        Ok((path, hash.and_then(|hash| hash.bytes().try_into().ok())))
    }

    /// The store path of an archive with this hash, if it is there, or need not be.
    fn copied_before(&self, name: &str, hash: &[u8; 32]) -> HostResult<Option<StorePath>> {
        let address = ContentAddress { method: METHOD, hash: Hash::from_sha256(hash) };
        let path = self
            .store_dir()
            .make_content_path(name, &address, &References::none())
            .map_err(|error| HostError::new(error.to_string()))?;
        if !self.has(&path).map_err(in_store)? {
            return Ok(None);
        }
        self.access.allow(&self.store_dir().display(&path));
        Ok(Some(path))
    }
}
