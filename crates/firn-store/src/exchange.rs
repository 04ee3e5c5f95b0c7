//! Store objects as one stream with their metadata: `nix-store --export` and `--import`.
//!
//! Each object is a 1, its archive, a mark, its path, references and deriver, and a 0; a 0 ends the
//! stream. Numbers are 64 bits, least byte first; texts are padded to eight bytes.

use std::io::{BufRead, Write};

use firn_formats::{FormatError, Hash, StorePath};

use crate::{AddOptions, Content, PathInfo, Store, StoreError, StoreResult, write_content_nar};

/// Stands between archive and metadata.
const MARK: u64 = 0x4558_494e;

/// Longest text that is read, in bytes.
const MAX_TEXT: u64 = 64 * 1024;

/// Most references that one object may have.
const MAX_REFERENCES: u64 = 1 << 20;

/// Writes objects in the order given, which should name each after what it refers to.
///
/// # Errors
/// A path that is not valid or whose content is not what was registered.
pub fn export(store: &dyn Store, paths: &[StorePath], out: &mut dyn Write) -> StoreResult<()> {
    for path in paths {
        number(out, 1)?;
        export_one(store, path, out)?;
    }
    number(out, 0)
}

fn export_one(store: &dyn Store, path: &StorePath, out: &mut dyn Write) -> StoreResult<()> {
    let info = store.require_path_info(path)?;
    let mut archive = Vec::new();
    store.write_nar(path, &mut archive)?;
    let found = Hash::sha256(&archive);
    let dir = store.store_dir();
    if found != info.nar_hash {
        return Err(StoreError::HashMismatch {
            path: dir.display(path),
            wanted: info.nar_hash.sri(),
            found: found.sri(),
        });
    }
    out.write_all(&archive).map_err(stream)?;
    number(out, MARK)?;
    text(out, &dir.display(path))?;
    number(out, info.references.len() as u64)?;
    for reference in &info.references {
        text(out, &dir.display(reference))?;
    }
    let deriver = info.deriver.as_ref().map(|d| dir.display(d));
    text(out, deriver.as_deref().unwrap_or(""))?;
    number(out, 0)
}

/// Reads a stream and adds its objects, whoever made it; returns their paths.
///
/// # Errors
/// A malformed stream; a reference that is not valid.
pub fn import(store: &dyn Store, input: &mut dyn BufRead) -> StoreResult<Vec<StorePath>> {
    let mut added = Vec::new();
    loop {
        match read_number(input)? {
            0 => return Ok(added),
            1 => added.push(import_one(store, input)?),
            _ => {
                return Err(malformed(
                    "input doesn't look like something created by 'nix-store --export'",
                ));
            }
        }
    }
}

fn import_one(store: &dyn Store, input: &mut dyn BufRead) -> StoreResult<StorePath> {
    let mut archive = Vec::new();
    write_content_nar(Content::Nar(input), &mut archive)?;
    if read_number(input)? != MARK {
        return Err(malformed("Nix archive cannot be imported; wrong format"));
    }
    let dir = store.store_dir();
    let path = dir.parse(&read_text(input)?)?;
    let mut info = PathInfo::new(path, Hash::sha256(&archive), archive.len() as u64);
    let count = read_number(input)?;
    if count > MAX_REFERENCES {
        return Err(malformed("an object has too many references"));
    }
    for _ in 0..count {
        info.references.insert(dir.parse(&read_text(input)?)?);
    }
    let deriver = read_text(input)?;
    if !deriver.is_empty() {
        info.deriver = Some(dir.parse(&deriver)?);
    }
    if read_number(input)? == 1 {
        // A signature of a kind that is no longer used.
        read_text(input)?;
    }
    store.add_nar(&info, &mut archive.as_slice(), AddOptions::default())?;
    Ok(info.path)
}

fn malformed(message: &str) -> StoreError {
    FormatError::new(message).into()
}

fn stream(error: std::io::Error) -> StoreError {
    StoreError::other(format!("cannot transfer store objects: {error}"))
}

fn number(out: &mut dyn Write, value: u64) -> StoreResult<()> {
    out.write_all(&value.to_le_bytes()).map_err(stream)
}

fn text(out: &mut dyn Write, value: &str) -> StoreResult<()> {
    number(out, value.len() as u64)?;
    let padding = value.len().next_multiple_of(8) - value.len();
    out.write_all(value.as_bytes()).map_err(stream)?;
    out.write_all(&[0; 8][..padding]).map_err(stream)
}

fn read_number(input: &mut dyn BufRead) -> StoreResult<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes).map_err(stream)?;
    Ok(u64::from_le_bytes(bytes))
}

fn read_text(input: &mut dyn BufRead) -> StoreResult<String> {
    let len = read_number(input)?;
    if len > MAX_TEXT {
        return Err(malformed("a text is too long"));
    }
    let mut data = vec![0; (len as usize).next_multiple_of(8)];
    input.read_exact(&mut data).map_err(stream)?;
    if data[len as usize..].iter().any(|b| *b != 0) {
        return Err(malformed("padding is not zero"));
    }
    data.truncate(len as usize);
    String::from_utf8(data).map_err(|_| malformed("a text is not valid UTF-8"))
}
