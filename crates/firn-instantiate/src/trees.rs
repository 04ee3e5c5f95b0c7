//! Parsed files kept between runs: two files in a folder of the cache, one with the trees one behind
//! the other, one with a record for each.
//!
//! A tree is found by a hash of its source text and of all that decides how it is parsed, so that it
//! never is another text's. What stands for a file that has not changed leads to that hash ([`Notes`]), so that
//! its text is not even read. Trees are read where the system has them, as far as somebody asks; so a
//! record is written when its tree is safely on the disk, and carries a checksum of itself and of the
//! tree's beginning only. Whatever can't be read or is cut short counts as absent. Both files only grow,
//! under a lock. When they get large, records begin anew and the trees get a file of their own again: the
//! old one is never cut, because other processes have it mapped.

use std::cell::{OnceCell, RefCell};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use firn_eval::TreeKey;
use firn_syntax::Stretch;
use memmap2::{Mmap, UncheckedAdvice};
use rustc_hash::FxHashMap;

use crate::notes::{Notes, checksum_of, words};

/// Bytes of all trees, at most; then the cache begins anew.
const MOST: u64 = 512 << 20;
/// Bytes of new trees that wait to be written.
const WAITING: usize = 4 << 20;
/// So much of a tree's beginning is in the checksum.
const HEAD: usize = 128;
/// Bytes of a record: key, offset, length, checksum.
const RECORD: usize = 40;

/// The trees of one cache folder.
pub struct Trees {
    folder: PathBuf,
    open: OnceCell<Option<Open>>,
    waiting: RefCell<Vec<(TreeKey, Vec<u8>)>>,
    marked: Notes<16>,
}

struct Open {
    records: FxHashMap<TreeKey, Record>,
    trees: Arc<Mmap>,
}

#[derive(Clone, Copy)]
struct Record {
    offset: u64,
    length: u32,
    checksum: u64,
}

impl Trees {
    /// The trees in a folder, which is made when there is something to keep.
    pub fn new(folder: PathBuf) -> Trees {
        let marked = Notes::new(folder.join("marked"));
        Trees { folder, open: OnceCell::new(), waiting: RefCell::default(), marked }
    }

    /// The tree with this key.
    pub fn get(&self, key: &TreeKey) -> Option<Stretch> {
        let open = self.open.get_or_init(|| self.read_records().ok()).as_ref()?;
        let record = open.records.get(key)?;
        let start = usize::try_from(record.offset).ok()?;
        let range = start..start.checked_add(record.length as usize)?;
        let tree = open.trees.get(range.clone())?;
        (checksum(key, record, tree) == record.checksum)
            .then(|| Stretch::new(open.trees.clone(), range))
    }

    /// The tree of a file with this mark.
    pub fn of_mark(&self, mark: &TreeKey) -> Option<Stretch> {
        self.get(&self.marked.get(mark)?)
    }

    /// Notes that a file with this mark has the tree with this key.
    pub fn mark(&self, mark: TreeKey, key: TreeKey) {
        self.marked.put(mark, key);
    }

    /// Keeps a tree.
    pub fn put(&self, key: TreeKey, tree: Vec<u8>) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push((key, tree));
        if waiting.iter().map(|(_, tree)| tree.len()).sum::<usize>() >= WAITING {
            self.write(&std::mem::take(&mut *waiting));
        }
    }

    /// Gives back the memory of what was read so far. The system has it still, and a tree that is read on
    /// comes from there.
    pub fn let_go(&self) {
        if let Some(Some(open)) = self.open.get() {
            // SAFETY: the mapping is one of a file that nobody writes to where it is mapped, so what is
            // read again is what was read.
            let _ = unsafe { open.trees.unchecked_advise(UncheckedAdvice::DontNeed) };
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read_records(&self) -> io::Result<Open> {
        let trees = File::open(self.path("trees"))?;
        let mut bytes = Vec::new();
        File::open(self.path("records"))?.read_to_end(&mut bytes)?;
        let records = bytes.as_chunks::<RECORD>().0.iter().map(read_record).collect();
        Ok(Open { records, trees: Arc::new(map(&trees)?) })
    }

    /// Writes trees; a cache that can't be written is none.
    fn write(&self, new: &[(TreeKey, Vec<u8>)]) {
        if !new.is_empty() {
            let _ = self.append(new);
        }
    }

    fn append(&self, new: &[(TreeKey, Vec<u8>)]) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let open = |name| OpenOptions::new().create(true).append(true).open(self.path(name));
        let (mut trees, mut records) = (open("trees")?, open("records")?);
        match records.try_lock() {
            Ok(()) => {}
            // Somebody else is writing: these trees are parsed once more.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut offset = trees.seek(SeekFrom::End(0))?;
        if offset > MOST {
            records.set_len(0)?;
            std::fs::remove_file(self.path("trees"))?;
            trees = open("trees")?;
            offset = 0;
        }
        // A record that was cut short would shift all that follow.
        let whole = records.seek(SeekFrom::End(0))? / RECORD as u64 * RECORD as u64;
        records.set_len(whole)?;
        let mut lines = Vec::with_capacity(new.len() * RECORD);
        for (key, tree) in new {
            let Ok(length) = u32::try_from(tree.len()) else { continue };
            trees.write_all(tree)?;
            let mut record = Record { offset, length, checksum: 0 };
            record.checksum = checksum(key, &record, tree);
            lines.extend(write_record(key, record));
            offset += u64::from(length);
        }
        trees.sync_data()?;
        records.write_all(&lines)
    }
}

impl Drop for Trees {
    fn drop(&mut self) {
        self.write(&self.waiting.take());
    }
}

/// All trees where the system has them.
fn map(trees: &File) -> io::Result<Mmap> {
    // SAFETY: what is in the file does not change and the file does not get shorter: it only grows, and
    // is replaced when it is too large.
    unsafe { Mmap::map(trees) }
}

fn read_record(bytes: &[u8; RECORD]) -> (TreeKey, Record) {
    let number = |at: usize| {
        let mut word = [0; 8];
        word.copy_from_slice(&bytes[at..at + 8]);
        u64::from_le_bytes(word)
    };
    let mut key = [0; 16];
    key.copy_from_slice(&bytes[..16]);
    (key, Record { offset: number(16), length: number(24) as u32, checksum: number(32) })
}

fn write_record(key: &TreeKey, record: Record) -> [u8; RECORD] {
    let mut bytes = [0; RECORD];
    bytes[..16].copy_from_slice(key);
    bytes[16..24].copy_from_slice(&record.offset.to_le_bytes());
    bytes[24..32].copy_from_slice(&u64::from(record.length).to_le_bytes());
    bytes[32..].copy_from_slice(&record.checksum.to_le_bytes());
    bytes
}

/// A checksum of a record and of its tree's beginning.
fn checksum(key: &TreeKey, record: &Record, tree: &[u8]) -> u64 {
    let head = &tree[..tree.len().min(HEAD)];
    let place = [record.offset, u64::from(record.length)];
    checksum_of(place.into_iter().chain(words(key)).chain(words(head)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(n: u8) -> TreeKey {
        [n; 16]
    }

    fn get(trees: &Trees, key: &TreeKey) -> Option<Vec<u8>> {
        trees.get(key).map(|tree| tree.bytes().to_vec())
    }

    fn filled(folder: &std::path::Path) {
        let trees = Trees::new(folder.join("new"));
        assert_eq!(get(&trees, &key(1)), None);
        trees.put(key(1), b"first tree".to_vec());
        trees.put(key(2), vec![7; WAITING + 1]);
        trees.put(key(3), Vec::new());
    }

    #[test]
    fn trees_come_back() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        let trees = Trees::new(folder.path().join("new"));
        assert_eq!(get(&trees, &key(1)).unwrap(), b"first tree");
        assert_eq!(get(&trees, &key(2)).unwrap(), vec![7; WAITING + 1]);
        assert_eq!(get(&trees, &key(3)).unwrap(), b"");
        let first = trees.get(&key(1)).unwrap();
        trees.let_go();
        assert_eq!(first.bytes(), b"first tree");
        assert_eq!(get(&trees, &key(4)), None);
    }

    #[test]
    fn damage_counts_as_absence() {
        let folder = tempfile::tempdir().unwrap();
        filled(folder.path());
        let path = |name| folder.path().join("new").join(name);
        let mut bytes = std::fs::read(path("trees")).unwrap();
        bytes[3] ^= 1;
        std::fs::write(path("trees"), &bytes[..20]).unwrap();
        let records = std::fs::read(path("records")).unwrap();
        std::fs::write(path("records"), &records[..RECORD + 5]).unwrap();
        let trees = Trees::new(folder.path().join("new"));
        assert_eq!(get(&trees, &key(1)), None);
        assert_eq!(get(&trees, &key(2)), None);
        trees.put(key(5), b"later".to_vec());
        drop(trees);
        let trees = Trees::new(folder.path().join("new"));
        assert_eq!(get(&trees, &key(5)).unwrap(), b"later");
    }

    #[test]
    fn nothing_is_written_where_nothing_may_be() {
        let trees = Trees::new("/proc/none/here".into());
        trees.put(key(1), b"x".to_vec());
        drop(trees);
    }
}
