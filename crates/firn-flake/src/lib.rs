//! Flake references, registries, lock files, inputs and outputs.
//!
//! Reading order: [`reference`] (how a flake is named), [`registry`] (short names), [`lock`] (what
//! inputs are pinned to).

pub mod date;
pub mod file;
pub mod lock;
pub mod locking;
pub mod reference;
pub mod registry;
