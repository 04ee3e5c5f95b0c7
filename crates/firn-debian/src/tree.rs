//! What a store path under construction holds, kept in memory while it is made.

use crate::layout;
use std::collections::BTreeMap;

/// One thing in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Dir,
    /// A regular file.
    File(FileKind),
    /// A symlink with the absolute, normalized path of the Debian system it leads to, and
    /// whether its text was relative.
    Link {
        /// Where it leads.
        target: String,
        /// Whether the package wrote a relative link.
        relative: bool,
    },
}

/// What relocation has to look at in a regular file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Nothing.
    Plain,
    /// A dynamic ELF program or library, perhaps.
    Elf,
    /// An executable text that names its interpreter.
    Script,
    /// A small text in which paths may stand: linker scripts and pkg-config files.
    Text,
}

/// Places with what stands there.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// What stands at a place, symlinks not followed.
    pub fn get(&self, place: &str) -> Option<&Node> {
        self.nodes.get(place)
    }

    /// Puts something at a place.
    pub fn insert(&mut self, place: impl Into<String>, node: Node) {
        self.nodes.insert(place.into(), node);
    }

    /// Removes what stands at a place.
    pub fn remove(&mut self, place: &str) -> Option<Node> {
        self.nodes.remove(place)
    }

    /// All places in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(place, node)| (place.as_str(), node))
    }

    /// The place where `place` really is, after symlinked folders on the way are followed;
    /// `None` when nothing is there. A symlink as last component is not followed.
    pub fn locate(&self, place: &str) -> Option<String> {
        let mut place = place.to_owned();
        for _ in 0..20 {
            if place.is_empty() || self.nodes.contains_key(&place) {
                return Some(place);
            }
            let (target, rest) = self.linked_folder(&place)?;
            place = layout::place(&layout::normalize(&format!("{target}/{rest}")));
        }
        None
    }

    /// The first folder on the way to `place` that is a symlink: its target and what follows.
    fn linked_folder<'a>(&self, place: &'a str) -> Option<(&str, &'a str)> {
        place.match_indices('/').find_map(|(at, _)| match self.nodes.get(&place[..at]) {
            Some(Node::Link { target, .. }) => Some((target.as_str(), &place[at + 1..])),
            _ => None,
        })
    }
}
