//! Looking into an archive without unpacking it.

use std::{
    collections::BTreeMap,
    io::{BufRead, Read},
};

use serde_json::{Map, Value, json};

use super::{NarError, NarEvent, NarReader};
use crate::error::err;

/// Entries of a folder by name.
type Entries = BTreeMap<Vec<u8>, NarNode>;

/// A node of a tree in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NarNode {
    /// A regular file.
    File {
        /// Whether it may be executed.
        executable: bool,
        /// Length in bytes.
        size: u64,
        /// Where its content begins in the archive, in bytes.
        offset: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Its target.
        target: Vec<u8>,
    },
    /// A folder.
    Directory {
        /// Its entries by name.
        entries: Entries,
    },
}

/// Counts bytes consumed, so that offsets are known.
struct Counting<R> {
    inner: R,
    at: u64,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(out)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount as u64;
        self.inner.consume(amount);
    }
}

/// Reads a whole archive and returns its tree without contents.
pub fn list<R: BufRead>(input: R) -> Result<NarNode, NarError> {
    let mut reader = NarReader::new(Counting { inner: input, at: 0 });
    let mut open: Vec<(Option<Vec<u8>>, Entries)> = Vec::new();
    let mut root = None;
    while let Some(event) = reader.next_event()? {
        let (name, node) = match event {
            NarEvent::Directory { name } => {
                open.push((name, Entries::new()));
                continue;
            }
            NarEvent::EndDirectory => match open.pop() {
                Some((name, entries)) => (name, NarNode::Directory { entries }),
                None => continue,
            },
            NarEvent::Symlink { name, target } => (name, NarNode::Symlink { target }),
            NarEvent::File { name, executable, size } => {
                let offset = reader.input_ref().at;
                let node = NarNode::File { executable, size, offset };
                (name, node)
            }
        };
        match (open.last_mut(), name) {
            (Some((_, entries)), Some(name)) => {
                entries.insert(name, node);
            }
            _ => root = Some(node),
        }
    }
    root.ok_or_else(|| err!("it is empty").into())
}

impl NarNode {
    /// The node at `inner`, a path such as `a/b`; empty parts are skipped, links not followed.
    pub fn get(&self, inner: &str) -> Option<&Self> {
        let mut node = self;
        for part in inner.split('/').filter(|p| !p.is_empty()) {
            let Self::Directory { entries } = node else {
                return None;
            };
            node = entries.get(part.as_bytes())?;
        }
        Some(node)
    }

    /// The listing as binary caches store it (`.ls` files, version 1) and `nix nar ls --json`
    /// prints it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::File { executable, size, offset } => {
                let mut out = Map::new();
                if *executable {
                    out.insert("executable".into(), json!(true));
                }
                out.insert("narOffset".into(), json!(offset));
                out.insert("size".into(), json!(size));
                out.insert("type".into(), json!("regular"));
                Value::Object(out)
            }
            Self::Symlink { target } => {
                json!({ "target": String::from_utf8_lossy(target), "type": "symlink" })
            }
            Self::Directory { entries } => {
                let entries: Map<String, Value> = entries
                    .iter()
                    .map(|(name, node)| {
                        (String::from_utf8_lossy(name).into_owned(), node.to_json())
                    })
                    .collect();
                json!({ "entries": entries, "type": "directory" })
            }
        }
    }
}
