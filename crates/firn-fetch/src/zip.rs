//! Zip archives: what the central directory lists, stored or deflated.
//!
//! Source: PKWARE's APPNOTE.TXT. Entries are read where the directory says they are; encryption,
//! archives in several parts and other compressions are errors.

use crate::error::FetchError;
use crate::unpack::{Tree, broken};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

const END: &[u8] = b"PK\x05\x06";
const END64_LOCATOR: &[u8] = b"PK\x06\x07";
const END64: &[u8] = b"PK\x06\x06";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Unpacks all entries into `tree`.
pub(crate) fn unpack(file: &mut File, tree: &mut Tree) -> Result<(), FetchError> {
    for entry in read_directory(file)? {
        unpack_entry(file, &entry, tree)?;
    }
    Ok(())
}

struct Entry {
    name: Vec<u8>,
    encrypted: bool,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    offset: u64,
    /// Unix mode, 0 where the archive has none.
    mode: u32,
}

fn cut(what: &str) -> FetchError {
    broken(&format!("is no complete zip file ({what})"))
}

fn number(bytes: &[u8], at: usize, width: usize) -> Result<u64, FetchError> {
    let field = bytes.get(at..at + width).ok_or_else(|| cut("a record is cut short"))?;
    Ok(field.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

fn read_at(file: &mut File, at: u64, size: u64) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at)).map_err(|e| cut(&e.to_string()))?;
    let got = file.take(size).read_to_end(&mut bytes).map_err(|e| cut(&e.to_string()))?;
    if got as u64 == size { Ok(bytes) } else { Err(cut("it ends too early")) }
}

fn read_directory(file: &mut File) -> Result<Vec<Entry>, FetchError> {
    let length = file.seek(SeekFrom::End(0)).map_err(|e| cut(&e.to_string()))?;
    let tail_start = length.saturating_sub(22 + 0xffff);
    let tail = read_at(file, tail_start, length - tail_start)?;
    let end = tail.windows(4).rposition(|w| w == END).ok_or_else(|| cut("no directory"))?;
    let record = &tail[end..];
    let mut size = number(record, 12, 4)?;
    let mut start = number(record, 16, 4)?;
    if let Some(locator) = end.checked_sub(20).map(|at| &tail[at..end])
        && locator.starts_with(END64_LOCATOR)
    {
        let record = read_at(file, number(locator, 8, 8)?, 56)?;
        if !record.starts_with(END64) {
            return Err(cut("bad 64-bit directory"));
        }
        (size, start) = (number(&record, 40, 8)?, number(&record, 48, 8)?);
    }
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err(cut("the directory lies outside"));
    }
    parse_directory(&read_at(file, start, size)?)
}

fn parse_directory(mut rest: &[u8]) -> Result<Vec<Entry>, FetchError> {
    let mut entries = Vec::new();
    while rest.starts_with(CENTRAL) {
        let field = |at, width| number(rest, at, width);
        let length = |at| field(at, 2).map(|n| usize::try_from(n).unwrap_or(0));
        let (name_len, extra_len, comment_len) = (length(28)?, length(30)?, length(32)?);
        let name_end = 46 + name_len;
        let name = rest.get(46..name_end).ok_or_else(|| cut("a name is cut short"))?;
        let extra =
            rest.get(name_end..name_end + extra_len).ok_or_else(|| cut("a field is cut short"))?;
        let made_by_unix = field(5, 1)? == 3;
        let mode = if made_by_unix { u32::try_from(field(40, 2)?).unwrap_or(0) } else { 0 };
        let mut entry = Entry {
            name: name.to_vec(),
            encrypted: field(8, 2)? & 1 != 0,
            method: u16::try_from(field(10, 2)?).unwrap_or(u16::MAX),
            crc: u32::try_from(field(16, 4)?).unwrap_or(0),
            packed: field(20, 4)?,
            size: field(24, 4)?,
            offset: field(42, 4)?,
            mode,
        };
        widen(&mut entry, extra)?;
        entries.push(entry);
        rest = rest
            .get(name_end + extra_len + comment_len..)
            .ok_or_else(|| cut("a comment is cut short"))?;
    }
    Ok(entries)
}

/// Sizes and offsets that don't fit 32 bits are in an extra field.
fn widen(entry: &mut Entry, mut extra: &[u8]) -> Result<(), FetchError> {
    while extra.len() >= 4 {
        let (id, len) = (number(extra, 0, 2)?, number(extra, 2, 2)?);
        let end = 4 + usize::try_from(len).unwrap_or(usize::MAX - 4);
        let body = extra.get(4..end).ok_or_else(|| cut("an extra field is cut short"))?;
        if id == 1 {
            let mut at = 0;
            for value in [&mut entry.size, &mut entry.packed, &mut entry.offset] {
                if *value == 0xffff_ffff {
                    *value = number(body, at, 8)?;
                    at += 8;
                }
            }
        }
        extra = &extra[end..];
    }
    Ok(())
}

fn unpack_entry(file: &mut File, entry: &Entry, tree: &mut Tree) -> Result<(), FetchError> {
    let shown = String::from_utf8_lossy(&entry.name).into_owned();
    if entry.name.ends_with(b"/") {
        return tree.dir(&entry.name);
    }
    if entry.encrypted {
        return Err(broken(&format!("holds '{shown}', which is encrypted")));
    }
    let header = read_at(file, entry.offset, 30)?;
    if !header.starts_with(LOCAL) {
        return Err(cut("an entry is not where the directory says"));
    }
    let data = entry.offset + 30 + number(&header, 26, 2)? + number(&header, 28, 2)?;
    file.seek(SeekFrom::Start(data)).map_err(|e| cut(&e.to_string()))?;
    let packed = file.take(entry.packed);
    let plain: Box<dyn Read + '_> = match entry.method {
        0 => Box::new(packed),
        8 => Box::new(flate2::read::DeflateDecoder::new(packed)),
        other => {
            return Err(broken(&format!("holds '{shown}' with unknown compression {other}")));
        }
    };
    // One byte more than it should have shows that it has more.
    let mut checked = Checked { from: plain.take(entry.size + 1), sum: flate2::Crc::new() };
    match entry.mode & 0o170_000 {
        0o120_000 => {
            let mut target = Vec::new();
            let read = (&mut checked).take(4096).read_to_end(&mut target);
            read.map_err(|e| broken(&format!("is broken: {e}")))?;
            tree.link(&entry.name, &target)?;
        }
        _ => tree.file(&entry.name, entry.mode & 0o100 != 0, &mut checked)?,
    }
    let (sum, size) = (checked.sum.sum(), u64::from(checked.sum.amount()));
    if sum == entry.crc && size == entry.size & 0xffff_ffff {
        Ok(())
    } else {
        Err(broken(&format!("is broken: checksum of '{shown}' differs")))
    }
}

struct Checked<R> {
    from: R,
    sum: flate2::Crc,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let n = self.from.read(to)?;
        self.sum.update(&to[..n]);
        Ok(n)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::unpack::{UnpackOptions, unpack};
    use std::io::{Seek, SeekFrom, Write};

    /// A zip file with entries of name, mode, contents; deflated if `deflate`.
    fn zip(entries: &[(&str, u32, &str)], deflate: bool) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        let le = |v: usize, width: usize| v.to_le_bytes()[..width].to_vec();
        for (name, mode, text) in entries {
            let mut crc = flate2::Crc::new();
            crc.update(text.as_bytes());
            let data = if deflate {
                let fast = flate2::Compression::fast();
                let mut e = flate2::write::DeflateEncoder::new(Vec::new(), fast);
                e.write_all(text.as_bytes()).unwrap();
                e.finish().unwrap()
            } else {
                text.as_bytes().to_vec()
            };
            let common = [
                le(20, 2),
                le(0, 2),
                le(if deflate { 8 } else { 0 }, 2),
                le(0, 4),
                le(crc.sum() as usize, 4),
                le(data.len(), 4),
                le(text.len(), 4),
                le(name.len(), 2),
                le(0, 2),
            ]
            .concat();
            let offset = out.len();
            out.extend([b"PK\x03\x04".to_vec(), common.clone(), name.as_bytes().to_vec()].concat());
            out.extend(data);
            directory.extend(
                [
                    b"PK\x01\x02".to_vec(),
                    vec![20, 3],
                    common,
                    le(0, 2),
                    le(0, 2),
                    le(0, 2),
                    le(0, 2),
                    le(*mode as usize, 2),
                    le(offset, 4),
                    name.as_bytes().to_vec(),
                ]
                .concat(),
            );
        }
        let start = out.len();
        let count = entries.len();
        let end = [
            b"PK\x05\x06".to_vec(),
            le(0, 4),
            le(count, 2),
            le(count, 2),
            le(directory.len(), 4),
            le(start, 4),
            le(0, 2),
        ]
        .concat();
        [out, directory, end].concat()
    }

    fn try_unpack(bytes: &[u8]) -> (tempfile::TempDir, Result<u64, crate::FetchError>) {
        let dir = tempfile::tempdir().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let result = unpack(&mut file, &dir.path().join("out"), UnpackOptions::default());
        (dir, result)
    }

    #[test]
    fn stored_and_deflated() {
        let entries = [("d/", 0o40755, ""), ("d/x", 0o100_755, "hello"), ("l", 0o120_777, "d/x")];
        for deflate in [false, true] {
            let (dir, result) = try_unpack(&zip(&entries, deflate));
            result.unwrap();
            let out = dir.path().join("out");
            assert_eq!(std::fs::read_to_string(out.join("l")).unwrap(), "hello");
            assert_eq!(std::fs::read_link(out.join("l")).unwrap(), std::path::Path::new("d/x"));
        }
    }

    #[test]
    fn hostile_and_broken() {
        let outside = zip(&[("../evil", 0o100_644, "x")], false);
        let through = zip(&[("l", 0o120_777, ".."), ("l/evil", 0o100_644, "x")], false);
        let mut wrong = zip(&[("x", 0o100_644, "hello")], false);
        let at = wrong.windows(5).position(|w| w == b"hello").unwrap();
        wrong[at] = b'j';
        let mut far = zip(&[("x", 0o100_644, "hello")], false);
        let end = far.len() - 6;
        far[end..end + 4].copy_from_slice(&[0xff; 4]);
        for bytes in [outside, through, wrong, far] {
            let (dir, result) = try_unpack(&bytes);
            result.unwrap_err();
            assert!(!dir.path().join("evil").exists());
        }
    }
}
