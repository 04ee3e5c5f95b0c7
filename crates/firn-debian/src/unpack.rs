//! Unpacks the data parts of packages into one folder, in the layout of the store.
//!
//! Hardened: names can't leave the folder, nothing is written through a symlink, only plain
//! files, folders and links exist afterwards, and no file is setuid or writable by others.

use crate::deb;
use crate::layout;
use crate::tree::{FileKind, Node, Tree};
use crate::{Error, Result};
use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tar::EntryType;

/// Text files above this size hold no paths to rewrite.
const MAX_TEXT: u64 = 8192;

/// The folder being filled.
pub struct Unpacker<'a> {
    out: &'a Path,
    tree: Tree,
    made: HashSet<String>,
    buffer: Vec<u8>,
}

impl<'a> Unpacker<'a> {
    /// Starts with the empty folder `out`, which must exist.
    pub fn new(out: &'a Path) -> Self {
        Self { out, tree: Tree::default(), made: HashSet::new(), buffer: vec![0; 1 << 16] }
    }

    /// What was unpacked. Symlinks are only listed; relocation makes them.
    pub fn finish(self) -> Tree {
        self.tree
    }

    /// Unpacks one package. Where two packages bring the same file the first one wins, but a
    /// file wins over a link.
    ///
    /// # Errors
    /// When the archive is damaged or hostile, or the disk refuses.
    pub fn add(&mut self, data: &mut deb::Data) -> Result<()> {
        let broken = |err: std::io::Error| Error::new(format!("its data part is damaged: {err}"));
        for entry in data.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let name = match std::str::from_utf8(&entry.path_bytes()) {
                Ok(name) => name.to_owned(),
                // Names that are no UTF-8 occur in test data only and can't be NAR-portable.
                Err(_) => continue,
            };
            let path = checked(&name)?;
            let place = layout::place(&path);
            if place.is_empty() || layout::unwanted(&place) {
                continue;
            }
            self.entry(&mut entry, &path, place).map_err(|err| err.within(format!("'{name}'")))?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        path: &str,
        place: String,
    ) -> Result<()> {
        match entry.header().entry_type() {
            EntryType::Directory => self.folder(place),
            EntryType::Regular | EntryType::Continuous => self.file(entry, place),
            EntryType::Symlink => {
                let target = link_text(entry)?;
                self.symlink(path, place, &target)
            }
            EntryType::Link => {
                let target = layout::place(&checked(&link_text(entry)?)?);
                self.hard_link(place, &target)
            }
            kind => Err(Error::new(format!("a {kind:?} has no place in a package"))),
        }
    }

    fn folder(&mut self, place: String) -> Result<()> {
        if self.tree.get(&place).is_none() {
            self.tree.insert(place, Node::Dir);
        }
        Ok(())
    }

    /// Real location for a new thing: its folder's links followed, its folder made.
    fn ready(&mut self, place: &str) -> Result<String> {
        let parent = layout::parent(place);
        let place = match self.tree.locate(parent) {
            Some(real) if real != parent => format!("{real}/{}", layout::base(place)),
            _ => place.to_owned(),
        };
        let parent = layout::parent(&place).to_owned();
        self.make_folder(&parent)?;
        Ok(place)
    }

    fn make_folder(&mut self, place: &str) -> Result<()> {
        if place.is_empty() || self.made.contains(place) {
            return Ok(());
        }
        if matches!(self.tree.get(place), Some(Node::File(_) | Node::Link { .. })) {
            return Err(Error::new(format!("its folder '{place}' is a file or a link")));
        }
        self.make_folder(layout::parent(place))?;
        let path = self.out.join(place);
        fs::create_dir(&path).map_err(|err| Error::io("create the folder", &path, &err))?;
        self.made.insert(place.to_owned());
        self.tree.insert(place, Node::Dir);
        Ok(())
    }

    fn file(&mut self, entry: &mut tar::Entry<'_, Box<dyn Read>>, place: String) -> Result<()> {
        let place = self.ready(&place)?;
        match self.tree.get(&place) {
            Some(Node::File(_)) => return Ok(()),
            Some(Node::Dir) => return Err(Error::new("a folder and a file have this name")),
            _ => {}
        }
        let executable = entry.header().mode().unwrap_or(0o644) & 0o111 != 0;
        let kind = self.write(entry, &place, executable)?;
        self.tree.insert(place, Node::File(kind));
        Ok(())
    }

    fn write(
        &mut self,
        entry: &mut tar::Entry<'_, Box<dyn Read>>,
        place: &str,
        executable: bool,
    ) -> Result<FileKind> {
        let path = self.out.join(place);
        let fail = |err: std::io::Error| Error::io("write", &path, &err);
        let mode = if executable { 0o755 } else { 0o644 };
        let size = entry.size();
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).map_err(fail)?;
        let mut kind = None;
        loop {
            let filled = fill(entry, &mut self.buffer).map_err(fail)?;
            let chunk = &self.buffer[..filled];
            kind.get_or_insert_with(|| classify(chunk, place, executable, size));
            file.write_all(chunk).map_err(fail)?;
            if filled < self.buffer.len() {
                break;
            }
        }
        Ok(kind.unwrap_or(FileKind::Plain))
    }

    fn symlink(&mut self, path: &str, place: String, text: &str) -> Result<()> {
        let relative = !text.starts_with('/');
        let target = match relative {
            true => layout::normalize(&format!("{path}/../{text}")),
            false => layout::normalize(text),
        };
        let place = match self.tree.locate(layout::parent(&place)) {
            Some(real) if !real.is_empty() => format!("{real}/{}", layout::base(&place)),
            _ => place,
        };
        // `/usr/sbin/x -> ../bin/x`, and folders that are links to themselves once merged.
        if layout::place(&target) == place || self.tree.get(&place).is_some() {
            return Ok(());
        }
        self.tree.insert(place, Node::Link { target, relative });
        Ok(())
    }

    fn hard_link(&mut self, place: String, target: &str) -> Result<()> {
        let place = self.ready(&place)?;
        if self.tree.get(&place).is_some() {
            return Ok(());
        }
        let real =
            self.tree.locate(target).filter(|t| matches!(self.tree.get(t), Some(Node::File(_))));
        let Some(real) = real else {
            return Err(Error::new(format!("it is a hard link to '{target}', which is absent")));
        };
        let (from, to) = (self.out.join(real), self.out.join(&place));
        fs::hard_link(&from, &to).map_err(|err| Error::io("link", &to, &err))?;
        // Content shared with the target, which is rewritten in place once.
        self.tree.insert(place, Node::File(FileKind::Plain));
        Ok(())
    }
}

fn link_text(entry: &tar::Entry<'_, Box<dyn Read>>) -> Result<String> {
    let text = entry.link_name_bytes().map(|bytes| String::from_utf8(bytes.into_owned()));
    match text {
        Some(Ok(text)) if !text.is_empty() => Ok(text),
        _ => Err(Error::new("it is a link without a readable target")),
    }
}

/// The absolute form of a member's name.
fn checked(name: &str) -> Result<String> {
    if name.split('/').any(|part| part == "..") || name.contains('\0') {
        return Err(Error::new(format!(
            "the name '{}' leads out of the package",
            name.escape_debug()
        )));
    }
    Ok(layout::normalize(name))
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(filled)
}

fn classify(head: &[u8], place: &str, executable: bool, size: u64) -> FileKind {
    if head.starts_with(b"\x7fELF") {
        return FileKind::Elf;
    }
    if executable && head.starts_with(b"#!") {
        return FileKind::Script;
    }
    let text = size <= MAX_TEXT
        && (place.ends_with(".pc") || head.windows(13).any(|w| w == b"GNU ld script"));
    if text { FileKind::Text } else { FileKind::Plain }
}

/// Unpacks several packages, given as files, into `out`; returns the tree and the text of their
/// `postinst` scripts.
///
/// # Errors
/// As [`Unpacker::add`] and [`deb::open`]; each names the package.
pub fn unpack(debs: &[PathBuf], out: &Path) -> Result<(Tree, Vec<String>)> {
    let mut unpacker = Unpacker::new(out);
    let mut scripts = Vec::new();
    for path in debs {
        let mut deb = deb::open(path)?;
        unpacker.add(&mut deb.data).map_err(|err| err.within(path.display()))?;
        scripts.push(deb.postinst);
    }
    Ok((unpacker.finish(), scripts))
}
