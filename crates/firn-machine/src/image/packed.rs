//! Disks with their holes left out: what a disk holds, as one short file.
//!
//! A disk of a GiB holds a few dozen MiB. A sparse file would do as well, but a store reads, hashes and copies
//! all of its length.
//!
//! | bytes | meaning |
//! | --- | --- |
//! | 8 | [`MAGIC`] |
//! | 8 | length of the disk, little endian like all numbers here |
//! | 8 + 8 + n | any number of pieces: offset, length n, contents; in order |
//! | 8 + 8 | the end: offset [`END`], and the sum of all lengths |

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How a packed disk begins.
pub const MAGIC: &[u8; 8] = b"firnpak1";
/// The offset that no piece has.
const END: u64 = u64::MAX;
/// Pieces are multiples of this, but for the last of a disk.
const BLOCK: usize = 64 << 10;

/// Packs `source` into the new file `target`.
///
/// # Errors
/// One of them can't be read or written.
pub fn pack(source: &Path, target: &Path) -> io::Result<()> {
    let source = File::open(source)?;
    let length = source.metadata()?.len();
    let mut out = BufWriter::new(File::create(target)?);
    out.write_all(MAGIC)?;
    out.write_all(&length.to_le_bytes())?;
    let mut sum = 0;
    let mut block = vec![0; BLOCK];
    let mut at = 0;
    while let Some((start, end)) = next_data(&source, at, length)? {
        at = start / BLOCK as u64 * BLOCK as u64;
        while at < end {
            let count = BLOCK.min((length - at) as usize);
            source.read_exact_at(&mut block[..count], at)?;
            if block[..count].iter().any(|byte| *byte != 0) {
                out.write_all(&at.to_le_bytes())?;
                out.write_all(&(count as u64).to_le_bytes())?;
                out.write_all(&block[..count])?;
                sum += count as u64;
            }
            at += count as u64;
        }
    }
    out.write_all(&END.to_le_bytes())?;
    out.write_all(&sum.to_le_bytes())?;
    out.into_inner()?.sync_data()
}

/// Where the next data from `at` on begins and ends; `None` when only a hole follows.
fn next_data(file: &File, at: u64, length: u64) -> io::Result<Option<(u64, u64)>> {
    use rustix::fs::{SeekFrom, seek};
    if at >= length {
        return Ok(None);
    }
    match seek(file, SeekFrom::Data(at)) {
        Ok(start) => Ok(Some((start, seek(file, SeekFrom::Hole(start))?))),
        Err(rustix::io::Errno::NXIO) => Ok(None),
        // The file system knows no holes.
        Err(_) => Ok(Some((at, length))),
    }
}

/// Unpacks `source` into `target`, a new and empty file.
///
/// # Errors
/// One of them can't be read or written, or `source` is no whole packed disk.
pub fn unpack(source: &Path, target: &File) -> io::Result<()> {
    let mut source = BufReader::with_capacity(BLOCK, File::open(source)?);
    if &read_array::<8>(&mut source)? != MAGIC {
        return Err(damaged("it does not begin as one"));
    }
    let length = read_number(&mut source)?;
    target.set_len(length)?;
    let mut block = vec![0; BLOCK];
    let mut sum = 0;
    loop {
        let (at, count) = (read_number(&mut source)?, read_number(&mut source)?);
        if at == END {
            return if count == sum { Ok(()) } else { Err(damaged("pieces are missing")) };
        }
        let fits = at.checked_add(count).is_some_and(|end| end <= length);
        if !fits || count > BLOCK as u64 {
            return Err(damaged("a piece lies outside of the disk"));
        }
        let piece = &mut block[..count as usize];
        source.read_exact(piece).map_err(cut_off)?;
        target.write_all_at(piece, at)?;
        sum += count;
    }
}

fn read_number(source: &mut impl Read) -> io::Result<u64> {
    Ok(u64::from_le_bytes(read_array(source)?))
}

fn read_array<const N: usize>(source: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes).map_err(cut_off)?;
    Ok(bytes)
}

fn cut_off(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is cut off"),
        _ => error,
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("this is no whole packed disk: {why}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn there_and_back(pieces: &[(u64, Vec<u8>)], length: u64) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        let disk = File::create(path("disk")).unwrap();
        disk.set_len(length).unwrap();
        pieces.iter().for_each(|(at, data)| disk.write_all_at(data, *at).unwrap());
        pack(&path("disk"), &path("packed")).unwrap();
        unpack(&path("packed"), &File::create(path("back")).unwrap()).unwrap();
        let read = |name: &str| std::fs::read(path(name)).unwrap();
        (read("disk"), read("packed"), read("back"))
    }

    #[test]
    fn holes_take_no_room() {
        let (disk, packed, back) = there_and_back(&[(5 << 20, vec![7; 100])], (8 << 20) + 3);
        assert!(disk == back);
        assert_eq!(packed.len(), 16 + 16 + BLOCK + 16);
        assert_eq!(&packed[..8], MAGIC);
        assert_eq!(packed[16..24], (5u64 << 20).to_le_bytes());
    }

    #[test]
    fn what_is_no_packed_disk_is_refused() {
        let (_, packed, _) = there_and_back(&[(100, vec![1; 10])], 1 << 20);
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("packed");
        let mut far = packed.clone();
        far[16..24].copy_from_slice(&(1u64 << 20).to_le_bytes());
        let cases = [
            (Vec::new(), "cut off"),
            (vec![0; 100], "does not begin"),
            (packed[..packed.len() - 1].to_vec(), "cut off"),
            (packed[..1000].to_vec(), "cut off"),
            (far, "outside"),
        ];
        for (bytes, why) in cases {
            std::fs::write(&file, bytes).unwrap();
            let error = unpack(&file, &tempfile::tempfile().unwrap()).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn every_disk_comes_back(
            pieces in proptest::collection::vec((0u64..1_000_000, proptest::collection::vec(any::<u8>(), 0..3000)), 0..6),
            more in 0u64..200_000,
        ) {
            let (disk, _, back) = there_and_back(&pieces, 1_003_000 + more);
            prop_assert!(disk == back);
        }
    }
}
