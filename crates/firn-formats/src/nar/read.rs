//! Reading archives event by event, from bytes nobody vouches for.

use std::io::{self, BufRead, Read};

use super::{MAGIC, MAX_DEPTH, MAX_NAME, MAX_TARGET, NarError, padding};
use crate::error::err;

/// A step through a tree. Names are checked: no slash, no zero byte, neither `.` nor `..`, and each
/// greater than the one before it in the same folder. `None` is the root of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NarEvent {
    /// A regular file; its content is read from the [`NarReader`] before the next event, and what
    /// is left of it is skipped.
    File {
        /// Name in its folder.
        name: Option<Vec<u8>>,
        /// Whether it may be executed.
        executable: bool,
        /// Length in bytes, as declared.
        size: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Name in its folder.
        name: Option<Vec<u8>>,
        /// Target, not empty.
        target: Vec<u8>,
    },
    /// A folder begins.
    Directory {
        /// Name in its folder.
        name: Option<Vec<u8>>,
    },
    /// The innermost folder ends.
    EndDirectory,
}

/// Reads one archive and not a byte more.
pub struct NarReader<R> {
    input: R,
    /// For each open folder the name of its last entry; the length is the depth.
    open: Vec<Option<Vec<u8>>>,
    state: State,
    /// Bytes left of the current file, and the zeros after them.
    left: u64,
    pad: usize,
    /// Whether a file's closing tokens are still to be read.
    in_file: bool,
}

#[derive(PartialEq)]
enum State {
    Start,
    Inside,
    Done,
}

impl<R: BufRead> NarReader<R> {
    /// A reader at the first byte of an archive.
    pub fn new(input: R) -> Self {
        Self { input, open: Vec::new(), state: State::Start, left: 0, pad: 0, in_file: false }
    }

    /// The next event, `None` after the end of the tree.
    ///
    /// # Errors
    /// Any departure from the format; the reader must not be used after that.
    pub fn next_event(&mut self) -> Result<Option<NarEvent>, NarError> {
        if self.in_file {
            self.finish_file()?;
        }
        match self.state {
            State::Done => Ok(None),
            State::Start => {
                if self.token(MAGIC.len())? != MAGIC {
                    return Err(err!("it does not begin with 'nix-archive-1'").into());
                }
                self.state = State::Inside;
                self.node(None).map(Some)
            }
            State::Inside => self.entry().map(Some),
        }
    }

    /// Copies the rest of the current file's content to `sink` in pieces.
    pub fn copy_content<E: From<NarError>>(
        &mut self,
        mut sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while self.left > 0 {
            let buffer = self.input.fill_buf().map_err(NarError::Stream)?;
            if buffer.is_empty() {
                return Err(ends_early().into());
            }
            let len = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            sink(&buffer[..len])?;
            self.input.consume(len);
            self.left -= len as u64;
        }
        Ok(())
    }

    fn node(&mut self, name: Option<Vec<u8>>) -> Result<NarEvent, NarError> {
        self.expect(b"(")?;
        self.expect(b"type")?;
        match self.token(16)?.as_slice() {
            b"regular" => self.regular(name),
            b"symlink" => {
                self.expect(b"target")?;
                let target = self.token(MAX_TARGET)?;
                if target.is_empty() || target.contains(&0) {
                    return Err(err!("a symbolic link has a bad target").into());
                }
                self.close(name.is_some())?;
                Ok(NarEvent::Symlink { name, target })
            }
            b"directory" => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(err!("its folders nest deeper than {MAX_DEPTH}").into());
                }
                self.open.push(None);
                Ok(NarEvent::Directory { name })
            }
            other => Err(err!("unknown file type '{}'", other.escape_ascii()).into()),
        }
    }

    fn regular(&mut self, name: Option<Vec<u8>>) -> Result<NarEvent, NarError> {
        let mut word = self.token(16)?;
        let executable = word == b"executable";
        if executable {
            self.expect(b"")?;
            word = self.token(16)?;
        }
        let mut size = 0;
        match word.as_slice() {
            b"contents" => {
                size = self.number()?;
                self.left = size;
                self.pad = padding(size);
                self.in_file = true;
            }
            // An empty file may lack its contents.
            b")" => self.close_entry(name.is_some())?,
            _ => return Err(unexpected("contents", &word)),
        }
        Ok(NarEvent::File { name, executable, size })
    }

    fn entry(&mut self) -> Result<NarEvent, NarError> {
        match self.token(16)?.as_slice() {
            b"entry" => {
                self.expect(b"(")?;
                self.expect(b"name")?;
                let name = self.token(MAX_NAME)?;
                self.check_name(&name)?;
                self.expect(b"node")?;
                self.node(Some(name))
            }
            b")" => {
                self.open.pop();
                self.close_entry(!self.open.is_empty())?;
                Ok(NarEvent::EndDirectory)
            }
            other => Err(unexpected("entry", other)),
        }
    }

    fn check_name(&mut self, name: &[u8]) -> Result<(), NarError> {
        if name.is_empty()
            || name == b"."
            || name == b".."
            || name.contains(&b'/')
            || name.contains(&0)
        {
            return Err(err!("it has an invalid file name '{}'", name.escape_ascii()).into());
        }
        if let Some(last) = self.open.last_mut() {
            if last.as_deref().is_some_and(|last| last >= name) {
                return Err(
                    err!("its folder entries are not sorted at '{}'", name.escape_ascii()).into()
                );
            }
            *last = Some(name.to_vec());
        }
        Ok(())
    }

    fn finish_file(&mut self) -> Result<(), NarError> {
        self.copy_content(|_| Ok::<(), NarError>(()))?;
        self.zeros(self.pad)?;
        self.in_file = false;
        self.close(!self.open.is_empty())
    }

    fn close(&mut self, entry: bool) -> Result<(), NarError> {
        self.expect(b")")?;
        self.close_entry(entry)
    }

    fn close_entry(&mut self, entry: bool) -> Result<(), NarError> {
        if entry {
            return self.expect(b")");
        }
        self.state = State::Done;
        Ok(())
    }

    fn expect(&mut self, wanted: &[u8]) -> Result<(), NarError> {
        // Most tokens lie whole in the buffer: compare without a copy.
        let pad = padding(wanted.len() as u64);
        let len = 8 + wanted.len() + pad;
        let buffer = self.input.fill_buf()?;
        if buffer.len() >= len {
            let good = buffer[..8] == (wanted.len() as u64).to_le_bytes()
                && &buffer[8..8 + wanted.len()] == wanted
                && buffer[8 + wanted.len()..len].iter().all(|b| *b == 0);
            if good {
                self.input.consume(len);
                return Ok(());
            }
        }
        let found = self.token(wanted.len().max(32))?;
        if found == wanted {
            Ok(())
        } else {
            Err(unexpected(&String::from_utf8_lossy(wanted), &found))
        }
    }

    fn token(&mut self, max: usize) -> Result<Vec<u8>, NarError> {
        let len = self.number()?;
        if len > max as u64 {
            return Err(err!("it has a text of {len} bytes where at most {max} may be").into());
        }
        let mut data = vec![0; len as usize];
        self.input.read_exact(&mut data)?;
        self.zeros(padding(len))?;
        Ok(data)
    }

    fn number(&mut self) -> Result<u64, NarError> {
        let mut bytes = [0; 8];
        self.input.read_exact(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn zeros(&mut self, len: usize) -> Result<(), NarError> {
        let mut bytes = [0; 8];
        self.input.read_exact(&mut bytes[..len])?;
        if bytes != [0; 8] {
            return Err(err!("its padding is not zero").into());
        }
        Ok(())
    }

    pub(super) fn input_ref(&self) -> &R {
        &self.input
    }

    /// The input, just behind the archive once the tree has ended.
    pub fn into_inner(self) -> R {
        self.input
    }
}

/// The content of the current file.
impl<R: BufRead> Read for NarReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if len == 0 {
            return Ok(0);
        }
        let read = self.input.read(&mut out[..len])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn ends_early() -> NarError {
    NarError::Stream(io::ErrorKind::UnexpectedEof.into())
}

fn unexpected(wanted: &str, found: &[u8]) -> NarError {
    err!("expected '{wanted}', found '{}'", found.escape_ascii()).into()
}
