//! The store folder as a value, and the calculation of store paths below it.
//!
//! Source: manual, "Complete Store Path Calculation".

use std::{fmt, sync::Arc};

use crate::{
    ContentAddress, ContentAddressMethod, Hash, HashAlgo, References, Result, StorePath,
    error::err, output_path_name,
};

/// The logical store folder, usually `/nix/store`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StoreDir(Arc<str>);

impl Default for StoreDir {
    fn default() -> Self {
        Self("/nix/store".into())
    }
}

impl fmt::Display for StoreDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StoreDir {
    /// A store folder from an absolute path without `.`/`..` parts; a slash at the end is dropped.
    ///
    /// # Errors
    /// A path that is not absolute or not canonical.
    pub fn new(path: &str) -> Result<Self> {
        let canonical = canonical_path(path)
            .ok_or_else(|| err!("the store folder '{path}' is not an absolute path"))?;
        if canonical == "/" {
            return Err(err!("the store folder must not be the root folder"));
        }
        Ok(Self(canonical.into()))
    }

    /// The folder's path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full path of a store path.
    pub fn display(&self, path: &StorePath) -> String {
        let mut out = String::with_capacity(self.0.len() + 1 + path.as_str().len());
        out.push_str(&self.0);
        out.push('/');
        out.push_str(path.as_str());
        out
    }

    /// Parses the full path of a store object; `//`, `/./` and `/../` are resolved first.
    ///
    /// # Errors
    /// Not directly below this folder, or no valid base name.
    pub fn parse(&self, path: &str) -> Result<StorePath> {
        if path.is_empty() {
            return Err(err!("empty path is not a valid store path"));
        }
        let canonical =
            canonical_path(path).ok_or_else(|| err!("path '{path}' is not in the Nix store"))?;
        match self.strip(&canonical) {
            Some(base) if !base.contains('/') => StorePath::new(base),
            _ => Err(err!("path '{path}' is not in the Nix store")),
        }
    }

    /// As [`StoreDir::parse`], for text that must be in canonical form (derivations, databases).
    pub fn parse_canonical(&self, path: &str) -> Result<StorePath> {
        match self.strip(path) {
            Some(base) => StorePath::new(base),
            None => Err(err!("path '{path}' is not in the Nix store")),
        }
    }

    /// Splits a path inside the store into the store path and the rest, which is empty or begins
    /// with a slash. Symbolic links are not looked at.
    ///
    /// # Errors
    /// Not below this folder, or no valid base name.
    pub fn split(&self, path: &str) -> Result<(StorePath, String)> {
        let canonical =
            canonical_path(path).ok_or_else(|| err!("path '{path}' is not in the Nix store"))?;
        let rest =
            self.strip(&canonical).ok_or_else(|| err!("path '{path}' is not in the Nix store"))?;
        let end = rest.find('/').unwrap_or(rest.len());
        Ok((StorePath::new(&rest[..end])?, rest[end..].to_owned()))
    }

    /// Whether `path` lies below this folder (text only).
    pub fn contains(&self, path: &str) -> bool {
        canonical_path(path).is_some_and(|p| self.strip(&p).is_some())
    }

    fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.0)?.strip_prefix('/').filter(|rest| !rest.is_empty())
    }

    /// The store path for a type, an inner digest as `<algo>:<base16>` and a name.
    pub fn make_path(&self, kind: &str, inner: &Hash, name: &str) -> Result<StorePath> {
        let fingerprint = format!("{kind}:{}:{}:{}:{name}", inner.algo(), inner.base16(), self.0);
        StorePath::from_parts(&Hash::sha256(fingerprint).compress(20), name)
    }

    /// The path of output `output` of an input-addressed derivation.
    ///
    /// `hash` is the derivation's hash with its outputs masked, `name` the derivation's name.
    pub fn make_output_path(&self, output: &str, hash: &Hash, name: &str) -> Result<StorePath> {
        self.make_path(&format!("output:{output}"), hash, &output_path_name(name, output))
    }

    /// The path of a content-addressed object.
    ///
    /// # Errors
    /// References where the method allows none, or an algorithm that the method does not allow.
    pub fn make_content_path(
        &self,
        name: &str,
        ca: &ContentAddress,
        references: &References,
    ) -> Result<StorePath> {
        match ca.method {
            ContentAddressMethod::Text => self.make_text_path(name, &ca.hash, references),
            ContentAddressMethod::Nar if ca.hash.algo() == HashAlgo::Sha256 => {
                self.make_path(&self.kind("source", references), &ca.hash, name)
            }
            ContentAddressMethod::Git
                if !matches!(ca.hash.algo(), HashAlgo::Sha1 | HashAlgo::Sha256) =>
            {
                Err(err!(
                    "Git file ingestion must use SHA-1 or SHA-256 hash, but instead using: {}",
                    ca.hash.algo()
                ))
            }
            _ => self.make_fixed_path(name, ca, references),
        }
    }

    fn make_text_path(&self, name: &str, hash: &Hash, refs: &References) -> Result<StorePath> {
        if refs.self_reference {
            return Err(err!("self-reference not allowed with text hashing"));
        }
        if hash.algo() != HashAlgo::Sha256 {
            return Err(err!("text hashing of '{name}' needs sha256, not {}", hash.algo()));
        }
        self.make_path(&self.kind("text", refs), hash, name)
    }

    fn make_fixed_path(
        &self,
        name: &str,
        ca: &ContentAddress,
        references: &References,
    ) -> Result<StorePath> {
        if !references.is_empty() {
            return Err(err!(
                "fixed output derivation '{name}' is not allowed to refer to other store paths"
            ));
        }
        let inner = Hash::sha256(format!(
            "fixed:out:{}{}:{}:",
            ca.method.prefix(),
            ca.hash.algo(),
            ca.hash.base16()
        ));
        self.make_path("output:out", &inner, name)
    }

    fn kind(&self, kind: &str, references: &References) -> String {
        let mut out = kind.to_owned();
        for path in &references.others {
            out.push(':');
            out.push_str(&self.0);
            out.push('/');
            out.push_str(path.as_str());
        }
        if references.self_reference {
            out.push_str(":self");
        }
        out
    }

    /// The path of `text` stored by `builtins.toFile`, or of a `.drv` file.
    pub fn text_path(
        &self,
        name: &str,
        text: impl AsRef<[u8]>,
        references: &crate::StorePathSet,
    ) -> Result<StorePath> {
        let mut kind = String::from("text");
        for path in references {
            kind.push(':');
            kind.push_str(&self.0);
            kind.push('/');
            kind.push_str(path.as_str());
        }
        self.make_path(&kind, &Hash::sha256(text), name)
    }
}

/// Resolves empty, `.` and `..` parts of an absolute path as text.
fn canonical_path(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let mut out = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or(0)),
            part => {
                out.push('/');
                out.push_str(part);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    Some(out)
}
