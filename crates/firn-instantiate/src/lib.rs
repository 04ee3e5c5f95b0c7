//! Where the evaluator meets stores and fetchers: derivations, path copying, fetch builtins, import
//! from derivation.
//!
//! Reading order: [`StoreHost`] (what evaluation sees of the outside), [`Access`] (what it may
//! see), [`builtins`] (builtins that need a store), [`context`] (string contexts as store paths).

mod access;
pub mod builtins;
pub mod context;
mod copied;
mod folders;
mod host;
mod notes;
mod origins;
mod reading;
mod table;
mod trees;

pub use access::Access;
pub use builtins::{Downloads, TABLES};
pub use copied::FileHashes;
pub use host::{FindElement, KnownDrafts, Outside, Say, StoreHost};
pub use origins::{Origins, TreeOrigin, untracked};
pub use trees::Trees;
