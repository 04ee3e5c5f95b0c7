//! Copying files and folders over the agent's channel.

use super::frame::Kind;
use super::message::{Done, Entry, EntryKind};
use super::serve::{Input, Reply};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::Receiver;

/// Writes what arrives below `target`; parents of the target are made.
pub(super) fn receive(target: &Path, input: Receiver<Input>) -> io::Result<Done> {
    let mut writer = TreeWriter::new(target.to_path_buf());
    for part in input {
        match part {
            Input::Item(json) => writer.entry(serde_json::from_slice(&json)?)?,
            Input::Data(bytes) => writer.data(&bytes)?,
            Input::End => return writer.finish().map(|()| Done::default()),
            Input::Cancel => break,
        }
    }
    Err(io::Error::other("the transfer was broken off"))
}

/// Sends `source` and everything below it.
pub(super) fn send(source: &Path, reply: &Reply) -> io::Result<Done> {
    walk(source, &mut |part| match part {
        Part::Entry(entry) => reply.json(Kind::Item, &entry),
        Part::Data(bytes) => reply.bytes(Kind::Out, bytes),
    })?;
    Ok(Done::default())
}

/// What [`walk`] meets.
pub(super) enum Part<'a> {
    /// The head of a file, folder or link.
    Entry(Entry),
    /// Contents of the latest file.
    Data(&'a [u8]),
}

/// Visits `source` and everything below it, in order of names.
pub(super) fn walk(
    source: &Path,
    visit: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
) -> io::Result<()> {
    walk_below(source, "", visit)
}

fn walk_below(
    path: &Path,
    name: &str,
    visit: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
) -> io::Result<()> {
    // The thing itself is followed when it is a link; links below are copied as links.
    let meta = if name.is_empty() { fs::metadata(path)? } else { fs::symlink_metadata(path)? };
    let mode = meta.permissions().mode() & 0o7777;
    let mut entry =
        Entry { path: name.to_string(), kind: EntryKind::File, mode, size: 0, link: None };
    if meta.is_dir() {
        entry.kind = EntryKind::Folder;
        visit(Part::Entry(entry))?;
        let mut names: Vec<_> =
            fs::read_dir(path)?.map(|e| e.map(|e| e.file_name())).collect::<io::Result<_>>()?;
        names.sort();
        for child in names {
            let child_name = child.to_str().ok_or_else(|| {
                io::Error::other(format!("{}: the name {child:?} is not UTF-8", path.display()))
            })?;
            let below =
                if name.is_empty() { child_name.into() } else { format!("{name}/{child_name}") };
            walk_below(&path.join(&child), &below, visit)?;
        }
        return Ok(());
    }
    if meta.is_symlink() {
        entry.kind = EntryKind::Link;
        entry.link = Some(fs::read_link(path)?.to_string_lossy().into_owned());
        return visit(Part::Entry(entry));
    }
    if meta.is_file() { send_file(path, entry, visit) } else { Ok(()) }
}

fn send_file(
    path: &Path,
    mut entry: Entry,
    visit: &mut dyn FnMut(Part<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = File::open(path)?;
    // Files in /proc have no size; they are read to their end first.
    let mut whole = Vec::new();
    entry.size = file.metadata()?.len();
    if entry.size == 0 {
        file.read_to_end(&mut whole)?;
        entry.size = whole.len() as u64;
    }
    let mut left = entry.size;
    visit(Part::Entry(entry))?;
    if !whole.is_empty() {
        return visit(Part::Data(&whole));
    }
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = file.read(&mut buffer[..want])?;
        if count == 0 {
            return Err(io::Error::other(format!("{} shrank while it was read", path.display())));
        }
        visit(Part::Data(&buffer[..count]))?;
        left -= count as u64;
    }
    Ok(())
}

/// Writes a tree from entries and data. Entries never reach outside the target.
pub(super) struct TreeWriter {
    target: PathBuf,
    file: Option<(File, u64)>,
    folders: Vec<(PathBuf, u32)>,
}

impl TreeWriter {
    pub fn new(target: PathBuf) -> Self {
        Self { target, file: None, folders: Vec::new() }
    }

    pub fn entry(&mut self, entry: Entry) -> io::Result<()> {
        self.end_file()?;
        let path = self.place(&entry.path)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        match entry.kind {
            EntryKind::Folder => {
                fs::create_dir_all(&path)?;
                // Modes last: a folder may be read-only.
                self.folders.push((path, entry.mode));
            }
            EntryKind::Link => symlink(entry.link.unwrap_or_default(), &path)?,
            EntryKind::File => {
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o600);
                if !entry.path.is_empty() {
                    options.custom_flags(libc::O_NOFOLLOW);
                }
                let file = options.open(&path)?;
                file.set_permissions(Permissions::from_mode(entry.mode & 0o7777))?;
                self.file = Some((file, entry.size));
            }
        }
        Ok(())
    }

    pub fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        let overlong = || io::Error::other("more data than the file's announced size");
        let (file, left) = self.file.as_mut().ok_or_else(overlong)?;
        *left = left.checked_sub(bytes.len() as u64).ok_or_else(overlong)?;
        file.write_all(bytes)
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.end_file()?;
        for (path, mode) in self.folders.iter().rev() {
            fs::set_permissions(path, Permissions::from_mode(mode & 0o7777))?;
        }
        Ok(())
    }

    fn end_file(&mut self) -> io::Result<()> {
        match self.file.take() {
            Some((_, left)) if left > 0 => {
                Err(io::Error::other(format!("a file ended {left} bytes early")))
            }
            _ => Ok(()),
        }
    }

    fn place(&self, name: &str) -> io::Result<PathBuf> {
        let relative = Path::new(name);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(io::Error::other(format!("the name {name:?} leads outside the target")));
        }
        if name.is_empty() {
            return Ok(self.target.clone());
        }
        // A link that came earlier must not lead a later file elsewhere.
        let mut path = self.target.clone();
        for part in relative.components() {
            if path != self.target && fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink()) {
                return Err(io::Error::other(format!("{name:?} would be written through a link")));
            }
            path.push(part);
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn copy(from: &Path, to: &Path) -> io::Result<()> {
        let mut writer = TreeWriter::new(to.to_path_buf());
        walk(from, &mut |part| match part {
            Part::Entry(entry) => writer.entry(entry),
            Part::Data(bytes) => writer.data(bytes),
        })?;
        writer.finish()
    }

    #[test]
    fn a_tree_arrives_whole() {
        let dir = tempfile::tempdir().unwrap();
        let from = dir.path().join("from");
        fs::create_dir_all(from.join("sub")).unwrap();
        fs::write(from.join("sub/big"), vec![7u8; 200_000]).unwrap();
        fs::set_permissions(from.join("sub/big"), Permissions::from_mode(0o755)).unwrap();
        fs::write(from.join("empty"), "").unwrap();
        symlink("sub/big", from.join("link")).unwrap();
        let to = dir.path().join("deep/er/to");
        copy(&from, &to).unwrap();
        assert_eq!(fs::read(to.join("sub/big")).unwrap(), vec![7u8; 200_000]);
        assert_eq!(fs::metadata(to.join("sub/big")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("sub/big"));
        assert_eq!(fs::read(to.join("empty")).unwrap(), b"");
    }

    #[test]
    fn links_lead_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let entry = |path: &str, kind, link: Option<&str>| Entry {
            path: path.into(),
            kind,
            mode: 0o755,
            size: 0,
            link: link.map(String::from),
        };
        let mut writer = TreeWriter::new(dir.path().join("t"));
        writer.entry(entry("", EntryKind::Folder, None)).unwrap();
        writer.entry(entry("a", EntryKind::Link, Some("/etc"))).unwrap();
        assert!(writer.entry(entry("a/x", EntryKind::File, None)).is_err());
        assert!(writer.entry(entry("a", EntryKind::File, None)).is_err());
    }

    #[test]
    fn names_cannot_leave_the_target() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["../x", "/etc/x", "a/../../x"] {
            let entry = Entry {
                path: name.into(),
                kind: EntryKind::File,
                mode: 0o644,
                size: 0,
                link: None,
            };
            assert!(TreeWriter::new(dir.path().join("t")).entry(entry).is_err(), "{name}");
        }
    }
}
