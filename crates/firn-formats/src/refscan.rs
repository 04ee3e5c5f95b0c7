//! Finding store paths in bytes: the reference scan.
//!
//! A reference is the 32-digit hash part of a store path, anywhere. See the manual, "Building".

use std::collections::HashSet;

use crate::{StorePath, StorePathSet, nix32};

const LEN: usize = 32;

/// Looks for the hash parts of given store paths in a stream of bytes.
///
/// Pieces may be cut anywhere; also an [`std::io::Write`].
#[derive(Debug)]
pub struct RefScanner {
    wanted: Vec<StorePath>,
    index: HashSet<[u8; LEN], foldhash::fast::RandomState>,
    found: HashSet<[u8; LEN], foldhash::fast::RandomState>,
    /// The last bytes of the stream so far, fewer than a hash part.
    tail: Vec<u8>,
}

impl RefScanner {
    /// A scanner for references to `candidates`.
    pub fn new<'a>(candidates: impl IntoIterator<Item = &'a StorePath>) -> Self {
        let wanted: Vec<StorePath> = candidates.into_iter().cloned().collect();
        let index = wanted.iter().map(key).collect();
        Self { wanted, index, found: HashSet::default(), tail: Vec::with_capacity(2 * LEN) }
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
            loop {
                let mut candidate = [0; LEN];
                candidate.copy_from_slice(&data[start..start + LEN]);
                if self.index.contains(&candidate) {
                    self.found.insert(candidate);
                }
                start += 1;
                match data.get(start + LEN - 1) {
                    Some(&next) if nix32::is_digit(next) => {}
                    Some(_) => {
                        start += LEN;
                        continue 'windows;
                    }
                    None => return,
                }
            }
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
    fn nothing_in_nothing() {
        let mut scanner = RefScanner::new([&path("a", "one")]);
        scanner.update(b"");
        scanner.update("a".repeat(LEN - 1).as_bytes());
        assert!(scanner.found().is_empty());
        scanner.update(b"a");
        assert_eq!(scanner.found().len(), 1);
    }
}
