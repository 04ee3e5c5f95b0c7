//! NAR: one file tree as one stream of bytes, the same for the same tree.
//!
//! Source: manual, "Nix Archive (NAR) format".

mod dump;
mod error;
mod listing;
mod read;
mod restore;
mod write;

pub use dump::{DumpFilter, EntryKind, dump_path, dump_path_filtered};
pub use error::NarError;
pub use listing::{NarNode, list};
pub use read::{NarEvent, NarReader};
pub use restore::{RestoreMode, restore};
pub use write::NarWriter;

/// First token of every archive.
const MAGIC: &[u8] = b"nix-archive-1";

/// Deepest nesting of folders: paths on Linux can't be deeper.
const MAX_DEPTH: usize = 2048;

/// Longest name of a folder entry in bytes.
const MAX_NAME: usize = 255;

/// Longest target of a symbolic link in bytes.
const MAX_TARGET: usize = 4095;

/// Zero bytes that follow a token of `len` bytes.
const fn padding(len: u64) -> usize {
    ((8 - len % 8) % 8) as usize
}
