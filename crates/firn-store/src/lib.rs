//! The store as traits: path information, closures, realisation, builtin builders, and one behaviour suite.
//!
//! [`Store`] is what every store can do; who builds is behind [`Realise`], chosen by the program.

mod builtin;
mod closure;
mod error;
pub mod exchange;
mod ingest;
mod memory;
mod path_info;
mod realise;
mod store;
pub mod suite;

pub use builtin::{ARTEFACTS, BuiltinBuilder, BuiltinJob};
pub use closure::{closure, closure_with, topological};
pub use error::{StoreError, StoreResult, disk_full_advice};
pub use ingest::{Tee, address_of_nar, compute_path, write_content_nar};
pub use memory::MemoryStore;
pub use path_info::{PathInfo, Realisation};
pub use realise::{BuildMode, NoRealise, Realise, Realised};
pub use store::{AddOptions, Content, FileKind, Filter, Store, add_text, read_derivation};
