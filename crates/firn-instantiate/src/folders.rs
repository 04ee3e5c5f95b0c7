//! What is in folders. nixpkgs reads hundreds of them (`pkgs/by-name`) whatever is asked of it; one that has not changed, as
//! its marks tell, is not read again.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use firn_eval::{FileType, HostError, HostResult};
use firn_fetch::marks::Marks;

use crate::host::{StoreHost, file_type, resolve_links};
use crate::notes::note_key;

/// Names of entries with their types.
type Entries = Vec<(Vec<u8>, FileType)>;

/// The types, in the order of the letters that stand for them.
const TYPES: [(u8, FileType); 4] = [
    (b'r', FileType::Regular),
    (b'd', FileType::Directory),
    (b'l', FileType::Symlink),
    (b'u', FileType::Unknown),
];

impl StoreHost {
    /// The entries of a folder, which the language calls `path`.
    ///
    /// # Errors
    /// It can't be read, or is none.
    pub(crate) fn entries(&self, path: &str, real: &Path) -> HostResult<Entries> {
        let marks = fs::metadata(real).ok().map(|metadata| Marks::of(&metadata));
        let marks = marks.filter(|marks| self.notes_changes(real, marks));
        let Some((known, marks)) = self.known_folders().zip(marks) else {
            return self.read_entries(path, real);
        };
        let key = note_key(&[&marks.bytes(), real.as_os_str().as_bytes()]);
        if let Some(entries) = known.get(&key).and_then(|text| parse(text.bytes())) {
            return Ok(entries);
        }
        let entries = self.read_entries(path, real)?;
        if self.is_settled(&marks) {
            known.put(key, print(&entries));
        }
        Ok(entries)
    }

    fn read_entries(&self, path: &str, real: &Path) -> HostResult<Entries> {
        let entries = fs::read_dir(real).map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => {
                let place = resolve_links(self, path).unwrap_or_else(|_| path.to_owned());
                HostError::new(format!("'{place}' is not a directory"))
            }
            _ => self.file_error("reading directory", path, &error),
        })?;
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry =
                entry.map_err(|error| self.file_error("reading directory", path, &error))?;
            let kind = entry
                .file_type()
                .map_err(|error| self.file_error("getting status of", path, &error))?;
            Ok((entry.file_name().into_vec(), file_type(kind)))
        };
        entries.map(entry).collect()
    }
}

/// Each entry: a letter for its type, its name, and a zero, which no name has.
fn print(entries: &[(Vec<u8>, FileType)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, kind) in entries {
        text.extend(TYPES.iter().find(|(_, known)| known == kind).map(|(letter, _)| letter));
        text.extend_from_slice(name);
        text.push(0);
    }
    text
}

fn parse(text: &[u8]) -> Option<Entries> {
    let entry = |text: &[u8]| {
        let (letter, name) = text.split_first()?;
        let (_, kind) = TYPES.iter().find(|(known, _)| known == letter)?;
        Some((name.to_vec(), *kind))
    };
    match text.split_last() {
        None => Some(Vec::new()),
        Some((0, text)) => text.split(|byte| *byte == 0).map(entry).collect(),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let entries = [
            (b"a".to_vec(), FileType::Regular),
            (b"folder".to_vec(), FileType::Directory),
            (b"\xff \n".to_vec(), FileType::Symlink),
            (b"pipe".to_vec(), FileType::Unknown),
        ];
        for count in 0..=entries.len() {
            assert_eq!(parse(&print(&entries[..count])).as_deref(), Some(&entries[..count]));
        }
        assert_eq!(parse(b"xname\0"), None);
        assert_eq!(parse(b"rname"), None);
        assert_eq!(parse(b"\0"), None);
    }
}
