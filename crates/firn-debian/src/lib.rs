//! Debian packages in the store: index, resolver, lock, unpacking and ELF relocation.

mod error;

pub mod control;
pub mod groups;
pub mod index;
pub mod lock;
pub mod resolve;
pub mod scc;
pub mod version;
pub mod wanted;

pub use error::{Error, Result};
