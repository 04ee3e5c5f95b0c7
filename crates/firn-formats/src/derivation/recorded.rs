//! What follows from a [`Draft`] as a record of fixed size, to be kept under a key of what it follows from. Hashing a
//! draft once for its key is a fraction of hashing it three times over.

use super::draft::{Draft, DraftBuffers, Finished, InputHash};
use crate::{Hash, StoreDir, StorePath};

/// Stands for everything that a [`Finished`] depends on.
pub type DraftKey = [u8; 32];

/// Size of a store path's hash part.
const PART: usize = 32;
/// Outputs that a record has room for.
const MOST_OUTPUTS: usize = 4;
const SIZE: usize = 32 + PART * (1 + MOST_OUTPUTS);

/// The hash that stands for a derivation in others, the hash part of its path, and those of its outputs' paths; where
/// there are fewer outputs, zeros.
pub type DraftRecord = [u8; SIZE];

impl Draft<'_> {
    /// The key of this draft in a store.
    ///
    /// Paths of input derivations stand for their hashes: they are made of the same texts.
    pub fn key(&self, dir: &StoreDir, buffers: &mut DraftBuffers) -> DraftKey {
        let mut whole = buffers.take_text();
        let texts = self.write_masked(dir, buffers);
        // In one piece, of which several parts are hashed side by side.
        for part in [dir.as_str().as_bytes(), self.name.as_bytes()].into_iter().chain(texts) {
            whole.extend_from_slice(&(part.len() as u64).to_le_bytes());
            whole.extend_from_slice(part);
        }
        let key = blake3::hash(&whole).into();
        buffers.put_text(whole);
        key
    }

    /// What was kept under this draft's key, without its text; nothing if it does not fit it.
    pub fn recall(&self, record: &DraftRecord) -> Option<Finished> {
        let (hash, parts) = record.split_first_chunk::<32>()?;
        let mut parts = parts.as_chunks::<PART>().0.iter();
        let mut path = |name: &str| {
            let part = std::str::from_utf8(parts.next()?).ok()?;
            StorePath::new(&format!("{part}-{name}")).ok()
        };
        let drv = path(&format!("{}.drv", self.name))?;
        let of_output = |name: &&str| path(&crate::output_path_name(self.name, name));
        let outputs = self.outputs.iter().map(of_output).collect::<Option<_>>()?;
        let hash = InputHash::new(&Hash::from_sha256(hash), self.fixed.is_some());
        Some(Finished { path: drv, hash, outputs, text: None })
    }
}

impl Finished {
    /// The record of this; nothing if there are too many outputs.
    pub fn record(&self) -> Option<DraftRecord> {
        let mut record = [0; SIZE];
        let (hash, parts) = record.split_first_chunk_mut::<32>()?;
        hash.copy_from_slice(self.hash.hash().bytes());
        let mut parts = parts.as_chunks_mut::<PART>().0.iter_mut();
        for path in std::iter::once(&self.path).chain(&self.outputs) {
            *parts.next()? = path.hash_part().as_bytes().try_into().ok()?;
        }
        Some(record)
    }
}
