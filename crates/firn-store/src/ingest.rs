//! From content to archive, hash and path: what all stores do when something is added.

use std::{
    io::{self, BufRead, Read, Write},
    path::Path,
};

use firn_formats::{
    ContentAddress, ContentAddressMethod, FormatError, Hash, HashAlgo, Hasher, References,
    StoreDir, StorePath, StorePathSet,
    nar::{self, EntryKind, NarError, NarEvent, NarReader, NarWriter},
};

use crate::{Content, FileKind, StoreError, StoreResult};

/// Passes everything consumed from a reader to a function.
///
/// Only consumed bytes are seen, so a parser that stops early leaves the rest alone.
pub struct Tee<R, F> {
    inner: R,
    see: F,
}

impl<R: BufRead, F: FnMut(&[u8])> Tee<R, F> {
    /// Reads from `inner` and shows what is consumed to `see`.
    pub fn new(inner: R, see: F) -> Self {
        Self { inner, see }
    }
}

impl<R: BufRead, F: FnMut(&[u8])> Read for Tee<R, F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        (self.see)(&out[..read]);
        Ok(read)
    }
}

impl<R: BufRead, F: FnMut(&[u8])> BufRead for Tee<R, F> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if amount > 0
            && let Ok(buffer) = self.inner.fill_buf()
        {
            (self.see)(&buffer[..amount]);
        }
        self.inner.consume(amount);
    }
}

/// Writes the archive of `content` to `out`.
///
/// # Errors
/// An unreadable file, a malformed archive, an error of the filter or of `out`.
pub fn write_content_nar(content: Content<'_>, out: &mut dyn Write) -> StoreResult<()> {
    match content {
        Content::Bytes(data) => file_nar(data, out).map_err(|e| NarError::Stream(e).into()),
        Content::Tree(path) => Ok(nar::dump_path(path, out)?),
        Content::Filtered(path, filter) => {
            let mut ask = |path: &Path, kind: EntryKind| {
                filter(path, file_kind(kind)).map_err(|e| NarError::Filter(Box::new(e)))
            };
            Ok(nar::dump_path_filtered(path, out, &mut ask)?)
        }
        Content::Nar(input) => copy_nar(input, out),
    }
}

fn file_nar(data: &[u8], out: &mut dyn Write) -> io::Result<()> {
    NarWriter::new(out)?.file(None, false, data)
}

fn file_kind(kind: EntryKind) -> FileKind {
    match kind {
        EntryKind::Regular => FileKind::Regular,
        EntryKind::Directory => FileKind::Directory,
        EntryKind::Symlink => FileKind::Symlink,
        EntryKind::Unknown => FileKind::Unknown,
    }
}

fn copy_nar(input: &mut dyn BufRead, out: &mut dyn Write) -> StoreResult<()> {
    let mut failed = None;
    let mut reader = NarReader::new(Tee::new(input, |data: &[u8]| {
        if failed.is_none() {
            failed = out.write_all(data).err();
        }
    }));
    while reader.next_event()?.is_some() {}
    drop(reader);
    match failed {
        None => Ok(()),
        Some(error) => Err(NarError::Stream(error).into()),
    }
}

/// The content address of an archive at hand.
///
/// # Errors
/// `flat` and `text` need a regular file which is not executable; `git` is not supported.
pub fn address_of_nar(
    archive: &[u8],
    method: ContentAddressMethod,
    algo: HashAlgo,
) -> StoreResult<ContentAddress> {
    let hash = match method {
        ContentAddressMethod::Nar => Hash::of(algo, archive),
        ContentAddressMethod::Flat | ContentAddressMethod::Text => flat_hash(archive, algo)?,
        ContentAddressMethod::Git => {
            return Err(StoreError::Unsupported("git hashing".to_owned()));
        }
    };
    Ok(ContentAddress { method, hash })
}

fn flat_hash(archive: &[u8], algo: HashAlgo) -> StoreResult<Hash> {
    let mut reader = NarReader::new(archive);
    match reader.next_event()? {
        Some(NarEvent::File { executable: false, .. }) => {}
        _ => {
            return Err(FormatError::new(
                "flat and text hashing need a regular file that is not executable",
            )
            .into());
        }
    }
    let mut hasher = Hasher::new(algo);
    reader.copy_content(|data| {
        hasher.update(data);
        Ok::<(), NarError>(())
    })?;
    Ok(hasher.finish())
}

/// The path that `content` would have, and its address, without adding it anywhere.
pub fn compute_path(
    dir: &StoreDir,
    name: &str,
    content: Content<'_>,
    method: ContentAddressMethod,
    algo: HashAlgo,
    references: &StorePathSet,
) -> StoreResult<(StorePath, ContentAddress)> {
    let ca = match (method, content) {
        (ContentAddressMethod::Flat | ContentAddressMethod::Text, Content::Bytes(data)) => {
            ContentAddress { method, hash: Hash::of(algo, data) }
        }
        (ContentAddressMethod::Nar, content) => {
            let mut hasher = io::BufWriter::with_capacity(64 * 1024, Hasher::new(algo));
            write_content_nar(content, &mut hasher)?;
            let hasher = hasher.into_inner().map_err(|e| NarError::Stream(e.into_error()))?;
            ContentAddress { method, hash: hasher.finish() }
        }
        (method, content) => {
            let mut archive = Vec::new();
            write_content_nar(content, &mut archive)?;
            address_of_nar(&archive, method, algo)?
        }
    };
    let path = dir.make_content_path(name, &ca, &References::to(references.clone()))?;
    Ok((path, ca))
}
