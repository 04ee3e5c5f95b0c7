//! Debian packages in the store: index, resolver, lock, unpacking and ELF relocation.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod builders;
pub mod closure;
pub mod control;
pub mod deb;
pub mod elf;
pub mod groups;
pub mod index;
pub mod kernel;
pub mod layout;
pub mod lock;
mod lz4;
mod python;
pub mod relocate;
pub mod resolve;
pub mod scc;
pub mod tree;
pub mod unpack;
pub mod usr;
pub mod version;
pub mod wanted;

pub use firn_diag::explained::{Error, Result};
