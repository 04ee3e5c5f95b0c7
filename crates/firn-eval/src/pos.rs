//! Positions in one 32-bit number: each source text of a machine gets a range of numbers.

use std::sync::Arc;

use firn_source::SourceFile;

/// A place in a source text, or none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
#[repr(transparent)]
pub struct Pos(pub(crate) u32);

impl Pos {
    /// No position.
    pub const NONE: Pos = Pos(0);

    /// Stands in frames of a call made by forcing, until whoever forced puts its own position there.
    pub(crate) const PENDING: Pos = Pos(u32::MAX);

    /// Whether there is a position.
    pub fn is_some(self) -> bool {
        self.0 != 0
    }

    /// This position, or the other if there is none.
    pub fn or(self, other: Pos) -> Pos {
        if self.is_some() { self } else { other }
    }
}

/// The texts of a machine and their ranges.
#[derive(Default)]
pub struct Positions {
    files: Vec<(u32, Arc<SourceFile>)>,
    next: u32,
}

impl Positions {
    /// Gives a text its range and returns its base: a position is base + byte offset. Texts beyond
    /// four gigabytes in all have no positions (base 0 and nothing found).
    pub(crate) fn add(&mut self, file: Arc<SourceFile>) -> u32 {
        let base = self.next.max(1);
        let size = file.length() as u64 + 2;
        match u32::try_from(u64::from(base) + size) {
            Ok(next) => {
                self.next = next;
                self.files.push((base, file));
                base
            }
            Err(_) => 0,
        }
    }

    /// Whether a position is in one of the texts.
    pub(crate) fn resolves(&self, pos: Pos) -> bool {
        self.resolve(pos).is_some()
    }

    /// The text and the byte offset in it.
    pub fn resolve(&self, pos: Pos) -> Option<(&Arc<SourceFile>, u32)> {
        if pos == Pos::NONE {
            return None;
        }
        let index = self.files.partition_point(|(base, _)| *base <= pos.0).checked_sub(1)?;
        let (base, file) = &self.files[index];
        let offset = pos.0 - base;
        (offset as usize <= file.length() + 1).then_some((file, offset))
    }
}
