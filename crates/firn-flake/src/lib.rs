//! Flake references, registries, lock files, inputs and outputs.
//!
//! Reading order: [`reference`] (how a flake is named), [`registry`] (short names), [`file`]
//! (`flake.nix` as far as it is read without evaluating), [`lock`] (what inputs are pinned to),
//! [`locking`] (from the one to the other), [`flakes`] (the same over a store and a network),
//! [`locked`] (with the lock file on disk), [`call`] (the value), [`eval_cache`] (what is known of it from before).

pub mod builtins;
pub mod call;
pub mod date;
pub mod eval_cache;
mod fetch_mercurial;
mod fetch_tree;
pub mod file;
pub mod flakes;
pub mod lock;
pub mod locked;
pub mod locking;
pub mod reference;
pub mod registry;
pub mod schema;
pub mod tree;
mod work_tree;
