//! Sources by url and hash: files, archives, git and paths, with a cache.

/// Inputs: where source trees come from.
pub mod input;
