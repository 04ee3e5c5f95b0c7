//! The `.narinfo` file of a binary cache.
//!
//! Source: manual, "narinfo format".

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{
    ContentAddress, Hash, HashFormat, Result, StoreDir, StorePath, StorePathSet, error::err,
};

/// What a binary cache says about one store object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NarInfo {
    /// The object.
    pub path: StorePath,
    /// Where the (compressed) archive is, relative to the cache.
    pub url: String,
    /// Compression of the archive: `none`, `xz`, `zstd`, …; empty text is read as `bzip2`.
    pub compression: String,
    /// Hash of the archive as stored.
    pub file_hash: Option<Hash>,
    /// Size in bytes of the archive as stored; 0 when not given.
    pub file_size: u64,
    /// SHA-256 of the archive unpacked.
    pub nar_hash: Hash,
    /// Size in bytes of the archive unpacked.
    pub nar_size: u64,
    /// References.
    pub references: StorePathSet,
    /// The derivation that made it.
    pub deriver: Option<StorePath>,
    /// Signatures.
    pub signatures: BTreeSet<String>,
    /// Content address.
    pub ca: Option<ContentAddress>,
}

impl NarInfo {
    /// Parses a `.narinfo` file; unknown keys are skipped.
    ///
    /// # Errors
    /// A malformed line, a key twice where once is allowed, or a key missing that must be there.
    pub fn parse(dir: &StoreDir, text: &str) -> Result<Self> {
        let mut fields = Fields::default();
        for (number, line) in text.lines().enumerate() {
            let (key, value) = line
                .split_once(": ")
                .or_else(|| line.strip_suffix(':').map(|key| (key, "")))
                .ok_or_else(|| err!("NAR info file is corrupt at line {}: '{line}'", number + 1))?;
            fields.set(dir, key, value).map_err(|e| {
                e.context(format!("NAR info file is corrupt at line {}", number + 1))
            })?;
        }
        fields.finish()
    }

    /// The text of the `.narinfo` file.
    pub fn print(&self, dir: &StoreDir) -> String {
        let mut out = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(out, "{key}: {value}");
        };
        line("StorePath", &dir.display(&self.path));
        line("URL", &self.url);
        line("Compression", &self.compression);
        if let Some(hash) = &self.file_hash {
            line("FileHash", &hash.prefixed(HashFormat::Nix32));
        }
        if self.file_size != 0 {
            line("FileSize", &self.file_size.to_string());
        }
        line("NarHash", &self.nar_hash.prefixed(HashFormat::Nix32));
        line("NarSize", &self.nar_size.to_string());
        let references: Vec<&str> = self.references.iter().map(StorePath::as_str).collect();
        line("References", &references.join(" "));
        if let Some(deriver) = &self.deriver {
            line("Deriver", deriver.as_str());
        }
        for signature in &self.signatures {
            line("Sig", signature);
        }
        if let Some(ca) = &self.ca {
            line("CA", &ca.to_string());
        }
        out
    }
}

#[derive(Default)]
struct Fields {
    path: Option<StorePath>,
    url: Option<String>,
    compression: Option<String>,
    file_hash: Option<Hash>,
    file_size: u64,
    nar_hash: Option<Hash>,
    nar_size: u64,
    references: Option<StorePathSet>,
    deriver: Option<StorePath>,
    signatures: BTreeSet<String>,
    ca: Option<ContentAddress>,
}

impl Fields {
    fn set(&mut self, dir: &StoreDir, key: &str, value: &str) -> Result<()> {
        match key {
            "StorePath" => self.path = Some(dir.parse(value)?),
            "URL" => self.url = Some(value.to_owned()),
            "Compression" => self.compression = Some(value.to_owned()),
            "FileHash" => self.file_hash = Some(Hash::parse_prefixed(value)?),
            "FileSize" => self.file_size = number(value)?,
            "NarHash" => self.nar_hash = Some(Hash::parse_prefixed(value)?),
            "NarSize" => self.nar_size = number(value)?,
            "References" if self.references.is_some() => {
                return Err(err!("extra References"));
            }
            "References" => {
                self.references = Some(
                    value.split_ascii_whitespace().map(StorePath::new).collect::<Result<_>>()?,
                );
            }
            "Deriver" if value != "unknown-deriver" => self.deriver = Some(StorePath::new(value)?),
            "Sig" => {
                self.signatures.insert(value.to_owned());
            }
            "CA" if self.ca.is_some() => return Err(err!("extra CA")),
            "CA" => self.ca = Some(value.parse()?),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<NarInfo> {
        let missing = |key: &str| err!("NAR info file is corrupt: no '{key}' in it");
        let compression = self.compression.filter(|c| !c.is_empty());
        if self.nar_size == 0 {
            return Err(missing("NarSize"));
        }
        Ok(NarInfo {
            path: self.path.ok_or_else(|| missing("StorePath"))?,
            url: self.url.filter(|u| !u.is_empty()).ok_or_else(|| missing("URL"))?,
            compression: compression.unwrap_or_else(|| "bzip2".to_owned()),
            file_hash: self.file_hash,
            file_size: self.file_size,
            nar_hash: self.nar_hash.ok_or_else(|| missing("NarHash"))?,
            nar_size: self.nar_size,
            references: self.references.unwrap_or_default(),
            deriver: self.deriver,
            signatures: self.signatures,
            ca: self.ca,
        })
    }
}

fn number(value: &str) -> Result<u64> {
    value.parse().map_err(|_| err!("'{value}' is no size"))
}
