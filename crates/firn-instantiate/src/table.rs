//! Large tables kept between runs: records one behind the other in a file, found by an index beside it. Both are read
//! where the system has them, so that a table costs what is looked up in it, however large it is.
//!
//! A record carries its key and a checksum, so that a damaged index leads nowhere, and a damaged record counts as absent.
//! The records only grow, under a lock; the index is written in place, or as a new file with twice the room. When there are
//! very many, both begin anew as other files: those that somebody has mapped are never cut.

use std::cell::{OnceCell, RefCell};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use memmap2::Mmap;

use crate::notes::{checksum_of, words};

/// What a value is kept under: a hash of all that it depends on.
pub type TableKey = [u8; KEY];

const KEY: usize = 32;
const CHECKSUM: usize = 8;
/// Bytes of a place in the index: the number of a record counted from 1, above it a part of its key.
const PLACE: usize = 8;
/// Places of a new index.
const FIRST_PLACES: usize = 1 << 10;
/// Records that wait to be written, at most.
const WAITING: usize = 4096;
/// Records of a file, at most.
const MOST: usize = 1 << 18;

/// A table with values of `N` bytes.
pub struct Table<const N: usize> {
    folder: PathBuf,
    open: OnceCell<Option<Open>>,
    new: RefCell<Vec<(TableKey, [u8; N])>>,
}

struct Open {
    records: Mmap,
    index: Mmap,
}

impl<const N: usize> Table<N> {
    const RECORD: usize = KEY + N + CHECKSUM;

    /// The table in a folder, which is made when there is something to keep.
    pub fn new(folder: PathBuf) -> Self {
        Table { folder, open: OnceCell::new(), new: RefCell::default() }
    }

    /// The value that was kept under a key by an earlier run.
    pub fn get(&self, key: &TableKey) -> Option<[u8; N]> {
        let open = self.open.get_or_init(|| self.open().ok()).as_ref()?;
        let places = open.index.as_chunks::<PLACE>().0;
        let record = |number: u32| {
            let start = (number as usize - 1) * Self::RECORD;
            open.records.get(start..start + Self::RECORD)
        };
        Places::of(key, places.len())
            .map_while(|at| read_place(&places[at]))
            .filter(|(part, _)| *part == part_of(key))
            .find_map(|(_, number)| read_record(record(number)?, key))
    }

    /// Keeps a value for later runs.
    pub fn put(&self, key: TableKey, value: [u8; N]) {
        let mut new = self.new.borrow_mut();
        new.push((key, value));
        if new.len() >= WAITING {
            self.write(&std::mem::take(&mut *new));
        }
    }

    fn open(&self) -> io::Result<Open> {
        let map = |name| {
            let file = File::open(self.folder.join(name))?;
            // SAFETY: nobody cuts these files (as this module says), and what is read where somebody writes is
            // checked: a place of the index by the record it leads to, a record by its checksum.
            unsafe { Mmap::map(&file) }
        };
        Ok(Open { records: map("records")?, index: map("index")? })
    }

    /// Writes records; a cache that can't be written is none.
    fn write(&self, new: &[(TableKey, [u8; N])]) {
        if !new.is_empty() {
            let _ = self.append(new);
        }
    }

    fn append(&self, new: &[(TableKey, [u8; N])]) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let open = |name: &str| {
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(self.folder.join(name))
        };
        let lock = open("lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            // Somebody else is writing: these are found out once more.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let mut records = open("records")?;
        // A record that was cut short is written over.
        let mut count = records.seek(SeekFrom::End(0))? as usize / Self::RECORD;
        if count + new.len() > MOST {
            std::fs::remove_file(self.folder.join("records"))?;
            let _ = std::fs::remove_file(self.folder.join("index"));
            records = open("records")?;
            count = 0;
        }
        let bytes: Vec<u8> = new.iter().flat_map(|(key, value)| write_record(key, value)).collect();
        records.write_all_at(&bytes, (count * Self::RECORD) as u64)?;
        self.write_index(&records, count, new)
    }

    /// Enters records, the first of which has `count` others before it.
    fn write_index(
        &self,
        records: &File,
        count: usize,
        new: &[(TableKey, [u8; N])],
    ) -> io::Result<()> {
        let room = (2 * (count + new.len())).next_power_of_two().max(FIRST_PLACES);
        let entered = self.enter_in_place(room, count, new)?;
        if entered { Ok(()) } else { self.new_index(records, 2 * room, count + new.len()) }
    }

    /// Enters records in the index that is there; false if it has not this much room, or is damaged.
    fn enter_in_place(
        &self,
        room: usize,
        count: usize,
        new: &[(TableKey, [u8; N])],
    ) -> io::Result<bool> {
        let path = self.folder.join("index");
        let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len() as usize / PLACE);
        if !size.is_power_of_two() || size < room {
            return Ok(false);
        }
        let index = OpenOptions::new().read(true).write(true).open(&path)?;
        let mut places = vec![0; size * PLACE];
        index.read_exact_at(&mut places, 0)?;
        for (i, (key, _)) in new.iter().enumerate() {
            let Some(at) = enter(&mut places, key, count + i) else { return Ok(false) };
            index.write_all_at(&places[at..at + PLACE], at as u64)?;
        }
        Ok(true)
    }

    /// Makes an index of all records.
    fn new_index(&self, mut records: &File, room: usize, count: usize) -> io::Result<()> {
        let mut places = vec![0; room * PLACE];
        records.seek(SeekFrom::Start(0))?;
        let mut records = io::BufReader::with_capacity(1 << 16, records);
        let mut record = vec![0; Self::RECORD];
        for number in 0..count {
            records.read_exact(&mut record)?;
            if let Some(key) = record.first_chunk() {
                enter(&mut places, key, number);
            }
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&places)?;
        file.persist(self.folder.join("index"))?;
        Ok(())
    }
}

impl<const N: usize> Drop for Table<N> {
    fn drop(&mut self) {
        self.write(&self.new.take());
    }
}

/// Where in an index of so many places (a power of two) a key may be: a few, from one that it says.
struct Places {
    at: usize,
    mask: usize,
    left: usize,
}

impl Places {
    /// Keys are hashes, so that more are hardly ever taken in an index that is half empty.
    const TRIES: usize = 64;

    fn of(key: &TableKey, places: usize) -> Places {
        let left = if places.is_power_of_two() { Places::TRIES.min(places) } else { 0 };
        Places { at: part_of(key) as usize, mask: places.wrapping_sub(1), left }
    }
}

impl Iterator for Places {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at & self.mask;
        self.at += 1;
        Some(at)
    }
}

fn part_of(key: &TableKey) -> u32 {
    let (part, _) = key.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    u32::from_le_bytes(*part)
}

/// The part of a key and the number of its record, if the place is taken.
fn read_place(place: &[u8; PLACE]) -> Option<(u32, u32)> {
    let word = u64::from_le_bytes(*place);
    let number = word as u32;
    (number != 0).then_some(((word >> 32) as u32, number))
}

/// Enters a record, counted from 0; where in the bytes, if there was room.
fn enter(places: &mut [u8], key: &TableKey, number: usize) -> Option<usize> {
    let number = u32::try_from(number + 1).ok()?;
    let places = places.as_chunks_mut::<PLACE>().0;
    let at = Places::of(key, places.len()).find(|at| read_place(&places[*at]).is_none())?;
    places[at] = (u64::from(part_of(key)) << 32 | u64::from(number)).to_le_bytes();
    Some(at * PLACE)
}

fn read_record<const N: usize>(bytes: &[u8], wanted: &TableKey) -> Option<[u8; N]> {
    let (key, rest) = bytes.split_first_chunk::<KEY>()?;
    let (value, sum) = rest.split_first_chunk::<N>()?;
    let sum = u64::from_le_bytes(sum.try_into().ok()?);
    (key == wanted && sum == checksum_of(words(key).chain(words(value)))).then_some(*value)
}

fn write_record<const N: usize>(key: &TableKey, value: &[u8; N]) -> Vec<u8> {
    let sum = checksum_of(words(key).chain(words(value)));
    [&key[..], value, &sum.to_le_bytes()].concat()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Keys with few different beginnings, so that they want the same places.
    fn key(n: u32) -> TableKey {
        let mut key = [0; KEY];
        key[..4].copy_from_slice(&(n % 1000).wrapping_mul(0x9e37_79b9).to_le_bytes());
        key[KEY - 4..].copy_from_slice(&n.to_le_bytes());
        key
    }

    fn value(n: u32) -> [u8; 12] {
        [n.to_le_bytes(); 3].concat().try_into().unwrap()
    }

    fn fill(table: &Table<12>, numbers: std::ops::Range<u32>) {
        numbers.for_each(|n| table.put(key(n), value(n)));
    }

    #[test]
    fn values_come_back_in_later_runs() {
        let folder = tempfile::tempdir().unwrap();
        let table = || Table::<12>::new(folder.path().join("table"));
        assert_eq!(table().get(&key(1)), None);
        // Few, more than an index has room for at first, and more than wait.
        for numbers in [0..3, 3..2000, 2000..9000, 9000..9001] {
            let before = table();
            fill(&before, numbers.clone());
            drop(before);
            let after = table();
            (0..numbers.end).for_each(|n| assert_eq!(after.get(&key(n)), Some(value(n)), "{n}"));
            assert_eq!(after.get(&key(numbers.end)), None);
        }
    }

    #[test]
    fn damage_counts_as_absence() {
        let folder = tempfile::tempdir().unwrap();
        let table = || Table::<12>::new(folder.path().to_owned());
        let path = |name| folder.path().join(name);
        fill(&table(), 0..10);
        let (records, index) =
            (std::fs::read(path("records")).unwrap(), std::fs::read(path("index")).unwrap());
        let mut damaged = records.clone();
        damaged[3 * Table::<12>::RECORD + KEY] ^= 1;
        std::fs::write(path("records"), &damaged[..9 * Table::<12>::RECORD + 5]).unwrap();
        let read = table();
        let lost: Vec<u32> = (0..10).filter(|n| read.get(&key(*n)) != Some(value(*n))).collect();
        assert_eq!(lost, [3, 9]);
        // What was cut short is written over.
        fill(&table(), 20..21);
        assert_eq!(table().get(&key(20)), Some(value(20)));
        std::fs::write(path("records"), &records).unwrap();
        for index in [&index[..index.len() - 8], &vec![0xff; index.len()], &[]] {
            std::fs::write(path("index"), index).unwrap();
            assert_eq!(table().get(&key(1)), None);
            fill(&table(), 30..31);
            assert_eq!(table().get(&key(1)), Some(value(1)), "a new index has all records");
        }
    }

    #[test]
    fn a_very_large_table_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let table = || Table::<12>::new(folder.path().to_owned());
        fill(&table(), 0..1);
        let old = table();
        assert_eq!(old.get(&key(0)), Some(value(0)));
        let records = OpenOptions::new().write(true).open(folder.path().join("records")).unwrap();
        records.set_len((MOST * Table::<12>::RECORD) as u64).unwrap();
        fill(&table(), 1..2);
        assert_eq!(table().get(&key(1)), Some(value(1)));
        assert_eq!(table().get(&key(0)), None);
        assert_eq!(old.get(&key(0)), Some(value(0)), "who has it open reads on");
    }

    #[test]
    fn nothing_is_written_where_nothing_may_be() {
        fill(&Table::<12>::new("/proc/none/here".into()), 0..1);
    }
}
