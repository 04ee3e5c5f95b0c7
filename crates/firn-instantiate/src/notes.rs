//! Small tables kept between runs: a file in a folder of the cache with a record for each key, which is a hash of all
//! that the value depends on.
//!
//! Each record has a checksum of its own; one that is damaged counts as absent. The file only grows, under a lock, and
//! begins anew when it is large.

use std::cell::{OnceCell, RefCell};
use std::fs::{OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use rustc_hash::FxHashMap;

/// Bytes of a file, at most; all of it is read where something is looked up.
const MOST: u64 = 4 << 20;
const KEY: usize = 16;
const CHECKSUM: usize = 8;

/// What a value is kept under.
pub type NoteKey = [u8; KEY];

/// The key of what depends on all of these parts.
pub fn note_key(parts: &[&[u8]]) -> NoteKey {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut key = NoteKey::default();
    hasher.finalize_xof().fill(&mut key);
    key
}

/// A table with values of `N` bytes.
pub struct Notes<const N: usize> {
    file: PathBuf,
    known: OnceCell<FxHashMap<NoteKey, [u8; N]>>,
    new: RefCell<Vec<(NoteKey, [u8; N])>>,
}

impl<const N: usize> Notes<N> {
    const RECORD: usize = KEY + N + CHECKSUM;

    /// The table in a file, which is made with its folder when there is something to keep.
    pub fn new(file: PathBuf) -> Self {
        Notes { file, known: OnceCell::new(), new: RefCell::default() }
    }

    /// The value that was kept under a key by an earlier run.
    pub fn get(&self, key: &NoteKey) -> Option<[u8; N]> {
        self.known.get_or_init(|| self.read().unwrap_or_default()).get(key).copied()
    }

    /// Keeps a value for later runs.
    pub fn put(&self, key: NoteKey, value: [u8; N]) {
        self.new.borrow_mut().push((key, value));
    }

    fn read(&self) -> io::Result<FxHashMap<NoteKey, [u8; N]>> {
        let bytes = std::fs::read(&self.file)?;
        Ok(bytes.chunks_exact(Self::RECORD).filter_map(read_record).collect())
    }

    fn append(&self, new: &[(NoteKey, [u8; N])]) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file)?;
        match file.try_lock() {
            Ok(()) => {}
            // Somebody else is writing: these are found out once more.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let size = file.seek(SeekFrom::End(0))?;
        // A record that was cut short would shift all that follow.
        let whole = size / Self::RECORD as u64 * Self::RECORD as u64;
        file.set_len(if size > MOST { 0 } else { whole })?;
        let records: Vec<u8> =
            new.iter().flat_map(|(key, value)| write_record(key, value)).collect();
        file.write_all(&records)
    }
}

impl<const N: usize> Drop for Notes<N> {
    /// Writes what is new; a cache that can't be written is none.
    fn drop(&mut self) {
        let new = self.new.take();
        if !new.is_empty() {
            let _ = self.append(&new);
        }
    }
}

fn read_record<const N: usize>(bytes: &[u8]) -> Option<(NoteKey, [u8; N])> {
    let (key, rest) = bytes.split_first_chunk::<KEY>()?;
    let (value, sum) = rest.split_first_chunk::<N>()?;
    let sum = u64::from_le_bytes(sum.try_into().ok()?);
    (sum == checksum(key, value)).then_some((*key, *value))
}

fn write_record<const N: usize>(key: &NoteKey, value: &[u8; N]) -> Vec<u8> {
    [&key[..], value, &checksum(key, value).to_le_bytes()].concat()
}

fn checksum(key: &[u8], value: &[u8]) -> u64 {
    checksum_of(words(key).chain(words(value)))
}

/// Finds accidents, not intent: who can write to the cache can write to the program's own files.
pub(crate) fn checksum_of(words: impl Iterator<Item = u64>) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ word).wrapping_mul(ODD);
    let hash = words.fold(ODD, mix);
    hash ^ hash >> 32
}

/// Bytes as words; those behind the last whole word are words of their own.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (words, rest) = bytes.as_chunks::<8>();
    let rest = rest.iter().map(|byte| u64::from(*byte));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain(rest)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(n: u8) -> NoteKey {
        [n; 16]
    }

    #[test]
    fn values_come_back_in_later_runs() {
        let folder = tempfile::tempdir().unwrap();
        let table = || Notes::<4>::new(folder.path().join("new/table"));
        for n in 1..=3 {
            let notes = table();
            assert_eq!(notes.get(&key(n)), None);
            notes.put(key(n), [n; 4]);
        }
        let notes = table();
        assert_eq!(notes.get(&key(1)), Some([1; 4]));
        assert_eq!(notes.get(&key(3)), Some([3; 4]));
        assert_eq!(notes.get(&key(4)), None);
    }

    #[test]
    fn damaged_records_count_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table");
        let table = || Notes::<4>::new(file.clone());
        let all = table();
        (1..=3).for_each(|n| all.put(key(n), [n; 4]));
        drop(all);
        let mut bytes = std::fs::read(&file).unwrap();
        let record = Notes::<4>::RECORD;
        bytes[record + KEY] ^= 1;
        std::fs::write(&file, &bytes[..3 * record - 1]).unwrap();
        let notes = table();
        assert_eq!([1, 2, 3].map(|n| notes.get(&key(n))), [Some([1; 4]), None, None]);
        notes.put(key(5), [5; 4]);
        drop(notes);
        assert_eq!(table().get(&key(5)), Some([5; 4]));
        std::fs::write(&file, vec![0; 10 * record]).unwrap();
        assert_eq!(table().get(&key(0)), None);
    }

    #[test]
    fn a_large_table_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("table");
        std::fs::write(&file, vec![1; MOST as usize + 1]).unwrap();
        let notes = Notes::<4>::new(file.clone());
        notes.put(key(1), [1; 4]);
        drop(notes);
        assert_eq!(std::fs::metadata(&file).unwrap().len(), Notes::<4>::RECORD as u64);
    }

    #[test]
    fn nothing_is_written_where_nothing_may_be() {
        let notes = Notes::<4>::new("/proc/none/here".into());
        notes.put(key(1), [1; 4]);
    }
}
