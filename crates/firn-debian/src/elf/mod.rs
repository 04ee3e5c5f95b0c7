//! 64-bit x86 ELF programs and libraries: reading what the dynamic linker reads, and the patcher.

mod patch;
mod read;

pub use patch::{Change, Patch, patch};
pub use read::Elf;

/// A flaw that keeps a file from being patched. Such a file is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}
