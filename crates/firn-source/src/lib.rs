//! File ids, source texts, spans, and line and column lookup.
//!
//! A [`SourceMap`] only grows and may be used from many threads: a [`SourceFile`] stays valid for as
//! long as somebody holds it. Texts are bytes, because Nix files need not be UTF-8. Offsets are
//! bytes as `u32`, so a source text is at most 4 GiB − 1.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

/// Names one source text of a [`SourceMap`]. Ids are given out in order, from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(NonZeroU32);

impl FileId {
    /// The id as a number, from 1; for tables that are indexed by file.
    pub fn as_u32(self) -> u32 {
        self.0.get()
    }

    /// The id with this number, or nothing for 0.
    pub fn from_u32(number: u32) -> Option<FileId> {
        NonZeroU32::new(number).map(FileId)
    }
}

/// A stretch of a source text, `start..end` in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The text that the offsets count in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte; not before `start`.
    pub end: u32,
}

impl Span {
    /// A span of `file` from `start` up to `end`.
    pub fn new(file: FileId, start: u32, end: u32) -> Span {
        Span { file, start, end: end.max(start) }
    }

    /// A place without width.
    pub fn at(file: FileId, offset: u32) -> Span {
        Span { file, start: offset, end: offset }
    }

    /// The smallest span that holds both; `self` if they are of different files.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span::new(self.file, self.start.min(other.start), self.end.max(other.end))
    }
}

/// Where a source text came from. It is printed as CppNix prints positions (`«stdin»`, `«string»`).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Origin {
    /// A file, by its absolute path as the user reaches it.
    Path(PathBuf),
    /// Text given as an argument or computed, such as `--expr`.
    String,
    /// Standard input.
    Stdin,
    /// A text that is part of the program, by name.
    Builtin(&'static str),
}

impl Origin {
    /// The path, if the text is a file's.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Origin::Path(path) => Some(path),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Path(path) => write!(f, "{}", path.display()),
            Origin::String => f.write_str("«string»"),
            Origin::Stdin => f.write_str("«stdin»"),
            Origin::Builtin(name) => write!(f, "«builtin {name}»"),
        }
    }
}

/// A line and a column, both from 1; columns count bytes, as in CppNix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Byte column, from 1.
    pub column: u32,
}

/// One source text with its origin.
#[derive(Debug)]
pub struct SourceFile {
    id: FileId,
    origin: Origin,
    length: usize,
    text: OnceLock<Box<[u8]>>,
    /// Where to read the text when somebody asks for it.
    place: Option<PathBuf>,
    line_starts: OnceLock<Box<[u32]>>,
}

impl SourceFile {
    /// The id in the map that made this file.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// Where the text came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The bytes of the text. One that is on the disk only ([`SourceMap::add_placed`]) is read now; if the
    /// file has another length than it had, there are spaces instead.
    pub fn text(&self) -> &[u8] {
        self.text.get_or_init(|| {
            let text = self.place.as_ref().and_then(|place| std::fs::read(place).ok());
            match text {
                Some(text) if text.len() == self.length => text.into(),
                _ => vec![b' '; self.length].into(),
            }
        })
    }

    /// Bytes of the text, also if it was not read yet.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The bytes of `start..end`, cut to the text's end.
    pub fn slice(&self, start: u32, end: u32) -> &[u8] {
        let end = (end as usize).min(self.length);
        &self.text()[(start as usize).min(end)..end]
    }

    /// Line and column of a byte offset. A line ends with `\n`, `\r\n` or a lone `\r`.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset);
        LineColumn { line: line as u32, column: offset - starts[line - 1] + 1 }
    }

    /// The text of a line (from 1) without its line end, or nothing past the last line.
    ///
    /// As in CppNix, the empty rest after a final line end is a line, and an empty text has none.
    pub fn line(&self, line: u32) -> Option<&[u8]> {
        if self.length == 0 {
            return None;
        }
        let starts = self.line_starts();
        let start = *starts.get((line as usize).checked_sub(1)?)? as usize;
        let rest = &self.text()[start..];
        let end = rest.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
        Some(&rest[..end])
    }

    /// How many lines [`SourceFile::line`] knows.
    pub fn line_count(&self) -> u32 {
        if self.length == 0 { 0 } else { self.line_starts().len() as u32 }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| line_starts(self.text()))
    }
}

fn line_starts(text: &[u8]) -> Box<[u32]> {
    let mut starts = vec![0];
    for (i, &byte) in text.iter().enumerate() {
        let ends_line = byte == b'\n' || (byte == b'\r' && text.get(i + 1) != Some(&b'\n'));
        if ends_line {
            starts.push(i as u32 + 1);
        }
    }
    starts.into()
}

/// A source text too long for 32-bit offsets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("source text is 4 GiB or larger")
    }
}

impl std::error::Error for TooLarge {}

/// All source texts of one run, by id. Only grows; may be shared between threads.
#[derive(Default, Debug)]
pub struct SourceMap {
    files: RwLock<Vec<Arc<SourceFile>>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Takes in a text and gives it an id.
    ///
    /// # Errors
    /// When the text does not fit 32-bit offsets.
    pub fn add(
        &self,
        origin: Origin,
        text: impl Into<Box<[u8]>>,
    ) -> Result<Arc<SourceFile>, TooLarge> {
        let text = text.into();
        self.insert(origin, text.len(), OnceLock::from(text), None)
    }

    /// Takes in the text of a file which was read, has this many bytes, and will hardly be asked for:
    /// then it is read again from `place`.
    ///
    /// # Errors
    /// When the text does not fit 32-bit offsets.
    pub fn add_placed(
        &self,
        origin: Origin,
        length: usize,
        place: PathBuf,
    ) -> Result<Arc<SourceFile>, TooLarge> {
        self.insert(origin, length, OnceLock::new(), Some(place))
    }

    fn insert(
        &self,
        origin: Origin,
        length: usize,
        text: OnceLock<Box<[u8]>>,
        place: Option<PathBuf>,
    ) -> Result<Arc<SourceFile>, TooLarge> {
        if u32::try_from(length + 1).is_err() {
            return Err(TooLarge);
        }
        let mut files = self.files.write().unwrap_or_else(|broken| broken.into_inner());
        let id = u32::try_from(files.len() + 1).ok().and_then(FileId::from_u32).ok_or(TooLarge)?;
        let line_starts = OnceLock::new();
        let file = Arc::new(SourceFile { id, origin, length, text, place, line_starts });
        files.push(file.clone());
        Ok(file)
    }

    /// The file with this id, or nothing when the id is another map's.
    pub fn get(&self, id: FileId) -> Option<Arc<SourceFile>> {
        let files = self.files.read().unwrap_or_else(|broken| broken.into_inner());
        files.get(id.as_u32() as usize - 1).cloned()
    }

    /// How many files the map holds.
    pub fn len(&self) -> usize {
        self.files.read().unwrap_or_else(|broken| broken.into_inner()).len()
    }

    /// Whether the map holds no file.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file(text: &str) -> Arc<SourceFile> {
        SourceMap::new().add(Origin::String, text.as_bytes()).unwrap()
    }

    #[test]
    fn lines_end_as_in_cppnix() {
        let f = file("a\nbb\r\nc\rd\n");
        let at = |offset| {
            let p = f.line_column(offset);
            (p.line, p.column)
        };
        assert_eq!([at(0), at(1), at(2), at(4), at(6)], [(1, 1), (1, 2), (2, 1), (2, 3), (3, 1)]);
        assert_eq!((at(8), at(10)), ((4, 1), (5, 1)));
        let lines: Vec<_> = (1..=6).map(|n| f.line(n)).collect();
        let wanted: [Option<&[u8]>; 6] =
            [Some(b"a"), Some(b"bb"), Some(b"c"), Some(b"d"), Some(b""), None];
        assert_eq!(lines, wanted);
        assert_eq!(file("").line(1), None);
    }

    #[test]
    fn ids_find_their_files() {
        let map = SourceMap::new();
        let a = map.add(Origin::Stdin, *b"1").unwrap();
        let b = map.add(Origin::Path("/x.nix".into()), *b"2").unwrap();
        assert_eq!(map.get(a.id()).unwrap().text(), b"1");
        assert_eq!(map.get(b.id()).unwrap().origin().to_string(), "/x.nix");
        assert_eq!(map.get(FileId::from_u32(3).unwrap()).map(|f| f.id()), None);
    }

    #[test]
    fn texts_on_the_disk_are_read_when_needed() {
        let path = std::env::temp_dir().join(format!("firn-source-{}", std::process::id()));
        let map = SourceMap::new();
        std::fs::write(&path, "one\ntwo").unwrap();
        let add = |length| map.add_placed(Origin::String, length, path.clone()).unwrap();
        let (same, longer) = (add(7), add(9));
        assert_eq!((same.line_column(5).line, same.line(2)), (2, Some(&b"two"[..])));
        assert_eq!((longer.text(), longer.length()), (&b"         "[..], 9));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(add(3).line(1), Some(&b"   "[..]));
    }
}
