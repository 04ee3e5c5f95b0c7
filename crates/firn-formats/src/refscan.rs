//! Finding store paths in bytes: the reference scan.
//!
//! A reference is the 32-digit hash part of a store path, anywhere. See the manual, "Building".

use std::collections::HashSet;

use crate::{HashAlgo, Hasher, SizedHash, StorePath, StorePathSet, nix32};

const LEN: usize = 32;

/// How many digits the first, cheap test looks at, and how many values they have.
const BEGINNING: usize = 4;
const BEGINNINGS: usize = 1 << (5 * BEGINNING);

/// The first digits of a window as a number.
fn beginning(window: &[u8]) -> usize {
    let digits = window.iter().take(BEGINNING);
    digits.fold(0, |number, digit| number << 5 | nix32::value(*digit) as usize)
}

/// Looks for the hash parts of given store paths in a stream of bytes.
///
/// Pieces may be cut anywhere; also an [`std::io::Write`].
#[derive(Debug)]
pub struct RefScanner {
    wanted: Vec<StorePath>,
    index: HashSet<[u8; LEN], foldhash::fast::RandomState>,
    /// One bit for each beginning of four digits: most runs of digits end here.
    beginnings: Box<[u64]>,
    found: HashSet<[u8; LEN], foldhash::fast::RandomState>,
    /// The last bytes of the stream so far, fewer than a hash part.
    tail: Vec<u8>,
}

impl RefScanner {
    /// A scanner for references to `candidates`.
    pub fn new<'a>(candidates: impl IntoIterator<Item = &'a StorePath>) -> Self {
        let wanted: Vec<StorePath> = candidates.into_iter().cloned().collect();
        let index = wanted.iter().map(key).collect();
        let mut beginnings = vec![0u64; BEGINNINGS / 64].into_boxed_slice();
        for path in &wanted {
            let number = beginning(path.hash_part().as_bytes());
            beginnings[number / 64] |= 1 << (number % 64);
        }
        let tail = Vec::with_capacity(2 * LEN);
        Self { wanted, index, beginnings, found: HashSet::default(), tail }
    }

    /// Scans the next piece of the stream.
    pub fn update(&mut self, data: &[u8]) {
        if self.index.is_empty() {
            return;
        }
        // What begins in the tail and ends in this piece.
        let head = data.len().min(LEN - 1);
        let mut seam = std::mem::take(&mut self.tail);
        let keep = seam.len();
        seam.extend_from_slice(&data[..head]);
        if keep > 0 {
            self.scan(&seam);
        }
        self.scan(data);
        let whole = if data.len() >= LEN - 1 { data } else { &seam };
        let start = whole.len().saturating_sub(LEN - 1);
        let rest = whole[start..].to_vec();
        seam.clear();
        seam.extend_from_slice(&rest);
        self.tail = seam;
    }

    /// Looks at the last byte of each window first: a byte that is no digit rules out every
    /// window over it, so most of binary data is skipped 32 bytes at a time.
    fn scan(&mut self, data: &[u8]) {
        let mut start = 0;
        'windows: while start + LEN <= data.len() {
            let window = &data[start..start + LEN];
            for i in (0..LEN).rev() {
                if !nix32::is_digit(window[i]) {
                    start += i + 1;
                    continue 'windows;
                }
            }
            // A window of digits: slide along the run of digits byte by byte.
            let mut number = beginning(window);
            loop {
                if self.beginnings[number / 64] >> (number % 64) & 1 == 1 {
                    self.look_up(&data[start..start + LEN]);
                }
                start += 1;
                match data.get(start + LEN - 1) {
                    Some(&next) if nix32::is_digit(next) => {
                        let digit = nix32::value(data[start + BEGINNING - 1]);
                        number = (number << 5 | digit as usize) & (BEGINNINGS - 1);
                    }
                    Some(_) => {
                        start += LEN;
                        continue 'windows;
                    }
                    None => return,
                }
            }
        }
    }

    fn look_up(&mut self, window: &[u8]) {
        let mut candidate = [0; LEN];
        candidate.copy_from_slice(window);
        if self.index.contains(&candidate) {
            self.found.insert(candidate);
        }
    }

    /// The candidates seen so far.
    pub fn found(&self) -> StorePathSet {
        self.wanted.iter().filter(|path| self.found.contains(&key(path))).cloned().collect()
    }
}

impl std::io::Write for RefScanner {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn key(path: &StorePath) -> [u8; LEN] {
    let mut key = [0; LEN];
    key.copy_from_slice(path.hash_part().as_bytes());
    key
}

/// Hashes a stream as if a given text in it were zeros: the hash of an object that refers to itself.
///
/// The places of the text are hashed after the stream. Also an [`std::io::Write`].
/// Source: manual, "Content-addressing store objects", on self-references.
pub struct ModuloHasher {
    hasher: Hasher,
    text: Vec<u8>,
    pending: Vec<u8>,
    position: u64,
    matches: Vec<u64>,
}

impl ModuloHasher {
    /// A hasher that takes `text` (the object's own hash part) for zeros.
    pub fn new(algo: HashAlgo, text: &str) -> Self {
        Self {
            hasher: Hasher::new(algo),
            text: text.as_bytes().to_vec(),
            pending: Vec::new(),
            position: 0,
            matches: Vec::new(),
        }
    }

    /// Hashes the next piece of the stream.
    pub fn update(&mut self, data: &[u8]) {
        self.pending.extend_from_slice(data);
        let mut start = 0;
        while let Some(at) = memchr::memmem::find(&self.pending[start..], &self.text) {
            let at = start + at;
            self.matches.push(self.position + at as u64);
            self.pending[at..at + self.text.len()].fill(0);
            start = at + self.text.len();
        }
        let keep = self.text.len().saturating_sub(1);
        let done = self.pending.len().saturating_sub(keep);
        self.hasher.update(&self.pending[..done]);
        self.pending.drain(..done);
        self.position += done as u64;
    }

    /// The hash, and the size of the stream.
    pub fn finish(mut self) -> SizedHash {
        self.hasher.update(&self.pending);
        let size = self.position + self.pending.len() as u64;
        for place in &self.matches {
            self.hasher.update(format!("|{place}").as_bytes());
        }
        SizedHash { hash: self.hasher.finish(), size }
    }
}

impl std::io::Write for ModuloHasher {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn path(digit: &str, name: &str) -> StorePath {
        StorePath::new(&format!("{}-{name}", digit.repeat(LEN))).unwrap()
    }

    #[test]
    fn found_wherever_the_stream_is_cut() {
        let (a, b, c) = (path("a", "one"), path("b", "two"), path("c", "three"));
        let mut data = vec![0u8; 50];
        data.extend_from_slice(b"xyz0");
        data.extend_from_slice(a.hash_part().as_bytes());
        data.extend_from_slice(b"0zz/\xff\xfe");
        data.extend_from_slice(b.hash_part().as_bytes());
        for size in 1..=data.len() {
            let mut scanner = RefScanner::new([&a, &b, &c]);
            for piece in data.chunks(size) {
                scanner.update(piece);
            }
            let found: Vec<StorePath> = scanner.found().into_iter().collect();
            assert_eq!(found, [a.clone(), b.clone()], "pieces of {size}");
        }
    }

    #[test]
    fn own_hash_counts_as_zeros_wherever_the_stream_is_cut() {
        let own = "a".repeat(LEN);
        let data = format!("<{own}{own}>{own}");
        let zeros = "\0".repeat(LEN);
        let text = format!("<{zeros}{zeros}>{zeros}|1|33|66");
        let wanted = crate::Hash::sha256(text);
        for size in 1..=data.len() {
            let mut hasher = ModuloHasher::new(HashAlgo::Sha256, &own);
            for piece in data.as_bytes().chunks(size) {
                hasher.update(piece);
            }
            let found = hasher.finish();
            assert_eq!((found.hash, found.size), (wanted, data.len() as u64), "{size}");
        }
    }

    #[test]
    fn nothing_in_nothing() {
        let mut scanner = RefScanner::new([&path("a", "one")]);
        scanner.update(b"");
        scanner.update("a".repeat(LEN - 1).as_bytes());
        assert!(scanner.found().is_empty());
        scanner.update(b"a");
        assert_eq!(scanner.found().len(), 1);
    }
}
