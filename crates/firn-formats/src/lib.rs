//! Store paths, hashes, NAR, derivation text, narinfo, signatures and the reference scan, as pure functions over bytes.
//!
//! Nothing here knows where a store lives or touches a clock, the environment or the network.
//! The store folder is always an argument ([`StoreDir`]), never a constant.

pub mod base64;
mod content_address;
mod context;
pub mod derivation;
mod derived_path;
mod error;
mod hash;
pub mod nar;
mod narinfo;
pub mod nix32;
mod placeholder;
mod refscan;
mod serde_text;
mod sha256_pair;
mod signature;
mod store_dir;
mod store_path;

pub use content_address::{ContentAddress, ContentAddressMethod, References};
pub use context::ContextElement;
pub use derivation::{
    Derivation, DerivationOutput, DerivationType, HashModulo, InputNode, ModuloMemo,
};
pub use derived_path::{
    DerivedPath, OutputsSpec, SingleDerivedPath, split_extended_outputs, split_outputs,
};
pub use error::FormatError;
pub use hash::{Hash, HashAlgo, HashFormat, Hasher, SizedHash};
pub use narinfo::NarInfo;
pub use placeholder::{Placeholder, hash_placeholder};
pub use refscan::{ModuloHasher, RefScanner};
pub use signature::{PublicKey, SecretKey, Signature};
pub use store_dir::StoreDir;
pub use store_path::{
    MAX_NAME_LEN, StorePath, StorePathSet, check_store_path_name, output_path_name,
};

/// Result of a function over a format.
pub type Result<T, E = FormatError> = std::result::Result<T, E>;
