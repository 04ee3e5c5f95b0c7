//! How an object's content becomes its address.
//!
//! Source: manual, "Content-addressing store objects".

use std::{fmt, str::FromStr};

use crate::{FormatError, Hash, HashAlgo, Result, StorePath, StorePathSet, error::err};

/// The serialisation whose hash addresses an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentAddressMethod {
    /// Bytes of one regular file; references allowed, sha256 only (`.drv`, `toFile`).
    Text,
    /// Bytes of one regular file that is not executable.
    Flat,
    /// The NAR of any file tree.
    Nar,
    /// Git's blob and tree hashes (experimental feature `git-hashing`).
    Git,
}

impl ContentAddressMethod {
    /// The name in `outputHashMode` and JSON: `text`, `flat`, `nar` or `git`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Flat => "flat",
            Self::Nar => "nar",
            Self::Git => "git",
        }
    }

    /// The prefix before the algorithm in derivations.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Text => "text:",
            Self::Flat => "",
            Self::Nar => "r:",
            Self::Git => "git:",
        }
    }

    /// Splits a derivation's `[prefix]algo`.
    pub fn parse_with_algo(text: &str) -> Result<(Self, HashAlgo)> {
        let (method, rest) = Self::strip_prefix(text);
        Ok((method, rest.parse()?))
    }

    fn strip_prefix(text: &str) -> (Self, &str) {
        for method in [Self::Nar, Self::Git, Self::Text] {
            if let Some(rest) = text.strip_prefix(method.prefix()) {
                return (method, rest);
            }
        }
        (Self::Flat, text)
    }
}

impl fmt::Display for ContentAddressMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ContentAddressMethod {
    type Err = FormatError;

    /// Accepts the older word `recursive` for `nar` too.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "text" => Ok(Self::Text),
            "flat" => Ok(Self::Flat),
            "nar" | "recursive" => Ok(Self::Nar),
            "git" => Ok(Self::Git),
            _ => Err(err!(
                "unknown file ingestion method, expect 'flat', 'nar', or 'git', not '{text}'"
            )),
        }
    }
}

/// A method and the hash it gave, for example `fixed:r:sha256:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentAddress {
    /// What was hashed.
    pub method: ContentAddressMethod,
    /// The hash.
    pub hash: Hash,
}

impl ContentAddress {
    /// `[prefix]algo` as derivations write it.
    pub fn method_and_algo(&self) -> String {
        format!("{}{}", self.method.prefix(), self.hash.algo())
    }
}

impl fmt::Display for ContentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outer = match self.method {
            ContentAddressMethod::Text => "",
            _ => "fixed:",
        };
        write!(f, "{outer}{}{}", self.method.prefix(), self.hash)
    }
}

impl FromStr for ContentAddress {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        let (outer, rest) = text.split_once(':').ok_or_else(|| {
            err!("not a content address because it is not in the form '<prefix>:<rest>': {text}")
        })?;
        let (method, rest) = match outer {
            "text" => (ContentAddressMethod::Text, rest),
            "fixed" => match ContentAddressMethod::strip_prefix(rest) {
                (ContentAddressMethod::Text, _) => (ContentAddressMethod::Flat, rest),
                found => found,
            },
            _ => {
                return Err(err!(
                    "content address prefix '{outer}' is unrecognized; it is 'text' or 'fixed'"
                ));
            }
        };
        let (algo, digest) = rest.split_once(':').ok_or_else(|| {
            err!("content address hash must be in form '<algo>:<hash>', but found: {text}")
        })?;
        Ok(Self { method, hash: Hash::parse_bare(digest, algo.parse()?)? })
    }
}

/// The references of an object whose own path is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// References to other objects.
    pub others: StorePathSet,
    /// Whether the object refers to itself.
    pub self_reference: bool,
}

impl References {
    /// No references at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// References to others only.
    pub fn to(others: StorePathSet) -> Self {
        Self { others, self_reference: false }
    }

    /// Splits `references` of the object at `path`.
    pub fn of(path: &StorePath, references: &StorePathSet) -> Self {
        Self {
            others: references.iter().filter(|r| *r != path).cloned().collect(),
            self_reference: references.contains(path),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && !self.self_reference
    }
}
