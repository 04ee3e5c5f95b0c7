//! Writing archives event by event.

use std::io::{self, Write};

use super::{MAGIC, padding};

const ZEROS: [u8; 8] = [0; 8];

/// Writes the events of one tree; the caller keeps their order (entries sorted by bytes).
///
/// Write errors are those of the inner writer. Give it a buffered one.
pub struct NarWriter<W> {
    out: W,
    /// Whether each open folder is an entry of another.
    open: Vec<bool>,
}

impl<W: Write> NarWriter<W> {
    /// Begins an archive.
    pub fn new(mut out: W) -> io::Result<Self> {
        token(&mut out, MAGIC)?;
        Ok(Self { out, open: Vec::new() })
    }

    /// A regular file of which `data` is the whole content.
    ///
    /// `name` is `None` for the root of the tree.
    pub fn file(&mut self, name: Option<&[u8]>, executable: bool, data: &[u8]) -> io::Result<()> {
        self.begin_file(name, executable, data.len() as u64)?;
        self.out.write_all(data)?;
        self.end_file(name, data.len() as u64)
    }

    /// Begins a regular file of `size` bytes, which go through [`NarWriter::content`] before
    /// [`NarWriter::end_file`].
    pub fn begin_file(
        &mut self,
        name: Option<&[u8]>,
        executable: bool,
        size: u64,
    ) -> io::Result<()> {
        self.begin(name, b"regular")?;
        if executable {
            token(&mut self.out, b"executable")?;
            token(&mut self.out, b"")?;
        }
        token(&mut self.out, b"contents")?;
        self.out.write_all(&size.to_le_bytes())
    }

    /// A piece of the current file's content.
    pub fn content(&mut self, data: &[u8]) -> io::Result<()> {
        self.out.write_all(data)
    }

    /// Ends the file that [`NarWriter::begin_file`] began with the same name and size.
    pub fn end_file(&mut self, name: Option<&[u8]>, size: u64) -> io::Result<()> {
        self.out.write_all(&ZEROS[..padding(size)])?;
        self.end(name.is_some())
    }

    /// A symbolic link.
    pub fn symlink(&mut self, name: Option<&[u8]>, target: &[u8]) -> io::Result<()> {
        self.begin(name, b"symlink")?;
        token(&mut self.out, b"target")?;
        token(&mut self.out, target)?;
        self.end(name.is_some())
    }

    /// Begins a folder, whose entries follow.
    pub fn begin_directory(&mut self, name: Option<&[u8]>) -> io::Result<()> {
        self.open.push(name.is_some());
        self.begin(name, b"directory")
    }

    /// Ends the innermost folder.
    pub fn end_directory(&mut self) -> io::Result<()> {
        let entry = self.open.pop().unwrap_or(false);
        self.end(entry)
    }

    /// The inner writer.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn begin(&mut self, name: Option<&[u8]>, kind: &[u8]) -> io::Result<()> {
        if let Some(name) = name {
            token(&mut self.out, b"entry")?;
            token(&mut self.out, b"(")?;
            token(&mut self.out, b"name")?;
            token(&mut self.out, name)?;
            token(&mut self.out, b"node")?;
        }
        token(&mut self.out, b"(")?;
        token(&mut self.out, b"type")?;
        token(&mut self.out, kind)
    }

    fn end(&mut self, entry: bool) -> io::Result<()> {
        token(&mut self.out, b")")?;
        if entry {
            token(&mut self.out, b")")?;
        }
        Ok(())
    }
}

/// Length, bytes, and zeros up to a multiple of eight, in one write for short tokens.
fn token<W: Write>(out: &mut W, data: &[u8]) -> io::Result<()> {
    let len = data.len();
    let pad = padding(len as u64);
    if len <= 48 {
        let mut buffer = [0u8; 64];
        buffer[..8].copy_from_slice(&(len as u64).to_le_bytes());
        buffer[8..8 + len].copy_from_slice(data);
        return out.write_all(&buffer[..8 + len + pad]);
    }
    out.write_all(&(len as u64).to_le_bytes())?;
    out.write_all(data)?;
    out.write_all(&ZEROS[..pad])
}
