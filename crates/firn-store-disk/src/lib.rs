//! The local store: layout, database, locks, roots and garbage collection.
//!
//! Everything on disk is a contract: another Nix can open a store that this crate wrote, and the
//! reverse, even at the same time.

mod add;
mod canonical;
mod choose;
mod config;
mod db;
mod delete;
mod gc;
mod local;
mod lock;
mod optimise;
mod room;
mod roots;
mod runtime_roots;
mod temp_roots;
mod verify;

pub use canonical::{SeenInodes, canonicalise};
pub use choose::{Places, StoreChoice, choose};
pub use config::{Layout, StoreOptions};
pub use delete::delete_path;
pub use gc::{GcAction, GcOptions, GcReport};
pub use local::LocalStore;
pub use lock::{LockKind, PathLocks};
pub use optimise::{OptimiseStats, optimise_path};
pub use room::{disk_full_help, full_disk_of, is_disk_full};
pub use roots::Roots;
pub use verify::{VerifyOptions, VerifyProblem};
