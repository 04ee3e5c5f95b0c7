//! What a store knows about an object besides its content.
//!
//! Source: manual, "Store object info JSON format".

use std::collections::BTreeSet;

use firn_formats::{
    ContentAddress, Hash, HashFormat, References, Result, StoreDir, StorePath, StorePathSet,
};

/// The metadata of a valid store object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathInfo {
    /// Its path.
    pub path: StorePath,
    /// The derivation that made it, if known.
    pub deriver: Option<StorePath>,
    /// SHA-256 of its NAR.
    pub nar_hash: Hash,
    /// Size of its NAR in bytes; 0 when not known.
    pub nar_size: u64,
    /// What it refers to, itself included if it does.
    pub references: StorePathSet,
    /// When it became valid, in seconds since 1970; 0 when not known.
    pub registration_time: u64,
    /// Whether it was built here, and so is trusted without a signature.
    pub ultimate: bool,
    /// Signatures, each `<key name>:<base64>`.
    pub signatures: BTreeSet<String>,
    /// Its content address, if its path follows from its content.
    pub ca: Option<ContentAddress>,
}

impl PathInfo {
    /// An object with a path and a NAR hash, everything else empty.
    pub fn new(path: StorePath, nar_hash: Hash, nar_size: u64) -> Self {
        Self {
            path,
            deriver: None,
            nar_hash,
            nar_size,
            references: StorePathSet::new(),
            registration_time: 0,
            ultimate: false,
            signatures: BTreeSet::new(),
            ca: None,
        }
    }

    /// The text that signatures sign: path, NAR hash and size, references.
    pub fn fingerprint(&self, dir: &StoreDir) -> String {
        let references: Vec<String> = self.references.iter().map(|r| dir.display(r)).collect();
        format!(
            "1;{};{};{};{}",
            dir.display(&self.path),
            self.nar_hash.prefixed(HashFormat::Nix32),
            self.nar_size,
            references.join(",")
        )
    }

    /// Whether the path is the one that content address and references give, so that the object
    /// needs no signature.
    pub fn is_content_addressed(&self, dir: &StoreDir) -> Result<bool> {
        let Some(ca) = &self.ca else {
            return Ok(false);
        };
        let references = References::of(&self.path, &self.references);
        Ok(dir.make_content_path(self.path.name(), ca, &references)? == self.path)
    }
}

/// What an output of a content-addressing derivation turned out to be.
///
/// Source: manual, "Build trace".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realisation {
    /// Store path of the derivation.
    pub drv_path: StorePath,
    /// Name of the output.
    pub output: String,
    /// The path it has.
    pub out_path: StorePath,
    /// Signatures over the rest.
    pub signatures: BTreeSet<String>,
}
