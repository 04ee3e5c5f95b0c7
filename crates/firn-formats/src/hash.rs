//! Hashes: algorithms, their text forms, and incremental hashing.
//!
//! Source: manual, chapters "Hash" (JSON formats) and `nix hash convert`.

use std::{fmt, str::FromStr};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::Digest;

use crate::{FormatError, Result, base64, error::err, nix32};

/// A hash algorithm that Nix knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgo {
    /// BLAKE3 with 32 bytes of output (experimental feature `blake3-hashes`).
    Blake3,
    /// MD5, for old fixed-output derivations only.
    Md5,
    /// SHA-1, for old fixed-output derivations and git.
    Sha1,
    /// SHA-256: the algorithm of store paths and NAR hashes.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl HashAlgo {
    /// Every algorithm, in the order of their names.
    pub const ALL: [Self; 5] = [Self::Blake3, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// Digest length in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The name in derivations and hash strings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blake3 => "blake3",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

impl fmt::Display for HashAlgo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HashAlgo {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|algo| algo.name() == text)
            .ok_or_else(|| {
                err!(
                    "unknown hash algorithm '{text}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'"
                )
            })
    }
}

/// A text form of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashFormat {
    /// Lower-case hexadecimal.
    Base16,
    /// Nix's base-32.
    Nix32,
    /// Base-64 with padding.
    Base64,
    /// `<algo>-<base64>`, the W3C's subresource integrity.
    Sri,
}

impl HashFormat {
    /// The name that options take.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Base16 => "base16",
            Self::Nix32 => "nix32",
            Self::Base64 => "base64",
            Self::Sri => "sri",
        }
    }
}

impl fmt::Display for HashFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for HashFormat {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "base16" => Ok(Self::Base16),
            "nix32" | "base32" => Ok(Self::Nix32),
            "base64" => Ok(Self::Base64),
            "sri" => Ok(Self::Sri),
            _ => Err(err!(
                "unknown hash format '{text}', expect 'base16', 'base32', 'base64', or 'sri'"
            )),
        }
    }
}

const MAX_SIZE: usize = 64;

/// A digest and its algorithm.
///
/// Ordered by length, then bytes, then algorithm, as the reference orders them. A compressed hash
/// (see [`Hash::compress`]) is shorter than its algorithm's digest.
#[derive(Clone, Copy)]
pub struct Hash {
    algo: HashAlgo,
    len: u8,
    bytes: [u8; MAX_SIZE],
}

impl Hash {
    /// A hash from its digest.
    ///
    /// # Errors
    /// When the digest's length is not that of the algorithm.
    pub fn from_digest(algo: HashAlgo, digest: &[u8]) -> Result<Self> {
        if digest.len() != algo.size() {
            return Err(err!("a {algo} hash has {} bytes, not {}", algo.size(), digest.len()));
        }
        Ok(Self::new(algo, digest))
    }

    /// The all-zero hash, which stands for a hash not known yet.
    pub fn zero(algo: HashAlgo) -> Self {
        Self { algo, len: algo.size() as u8, bytes: [0; MAX_SIZE] }
    }

    fn new(algo: HashAlgo, digest: &[u8]) -> Self {
        let mut bytes = [0; MAX_SIZE];
        bytes[..digest.len()].copy_from_slice(digest);
        Self { algo, len: digest.len() as u8, bytes }
    }

    /// The hash of `data`.
    pub fn of(algo: HashAlgo, data: impl AsRef<[u8]>) -> Self {
        let mut hasher = Hasher::new(algo);
        hasher.update(data.as_ref());
        hasher.finish()
    }

    /// The SHA-256 of `data`.
    pub fn sha256(data: impl AsRef<[u8]>) -> Self {
        Self::new(HashAlgo::Sha256, &sha2::Sha256::digest(data.as_ref()))
    }

    /// The SHA-256 hash of these pieces, one behind the other.
    pub fn sha256_of(pieces: &[&[u8]]) -> Self {
        let mut hasher = sha2::Sha256::new();
        for piece in pieces {
            hasher.update(piece);
        }
        Self::new(HashAlgo::Sha256, &hasher.finalize())
    }

    /// A SHA-256 hash from its bytes.
    pub fn from_sha256(digest: &[u8; 32]) -> Self {
        Self::new(HashAlgo::Sha256, digest)
    }

    /// The algorithm.
    pub fn algo(&self) -> HashAlgo {
        self.algo
    }

    /// The digest.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }

    /// Folds the digest into `len` bytes by exclusive-or, as store paths need it.
    #[must_use]
    pub fn compress(&self, len: usize) -> Self {
        debug_assert!(len > 0 && len <= MAX_SIZE);
        let mut bytes = [0; MAX_SIZE];
        for (i, byte) in self.bytes().iter().enumerate() {
            bytes[i % len] ^= byte;
        }
        Self { algo: self.algo, len: len as u8, bytes }
    }

    /// The digest alone in `format`; for [`HashFormat::Sri`] the algorithm is part of it.
    pub fn encode(&self, format: HashFormat) -> String {
        match format {
            HashFormat::Base16 => HEXLOWER.encode(self.bytes()),
            HashFormat::Nix32 => nix32::encode(self.bytes()),
            HashFormat::Base64 => base64::encode(self.bytes()),
            HashFormat::Sri => format!("{}-{}", self.algo, base64::encode(self.bytes())),
        }
    }

    /// `<algo>:<digest>` in `format`, or the SRI form.
    pub fn prefixed(&self, format: HashFormat) -> String {
        match format {
            HashFormat::Sri => self.encode(format),
            _ => format!("{}:{}", self.algo, self.encode(format)),
        }
    }

    /// Lower-case hexadecimal digest.
    pub fn base16(&self) -> String {
        self.encode(HashFormat::Base16)
    }

    /// Nix32 digest.
    pub fn nix32(&self) -> String {
        self.encode(HashFormat::Nix32)
    }

    /// SRI form.
    pub fn sri(&self) -> String {
        self.encode(HashFormat::Sri)
    }

    /// Parses any form: `<algo>:<digest>`, SRI, or a bare digest when `algo` is given.
    ///
    /// # Errors
    /// No algorithm known, two that differ, or a digest that is malformed.
    pub fn parse_any(text: &str, algo: Option<HashAlgo>) -> Result<Self> {
        Self::parse_with_format(text, algo).map(|(hash, _)| hash)
    }

    /// As [`Hash::parse_any`], with the form that was found.
    pub fn parse_with_format(text: &str, algo: Option<HashAlgo>) -> Result<(Self, HashFormat)> {
        let (prefix, rest, sri) = split_prefix(text);
        let found = prefix.map(str::parse::<HashAlgo>).transpose()?;
        let algo = match (found, algo) {
            (Some(found), Some(wanted)) if found != wanted => {
                return Err(err!("hash '{text}' should have type '{wanted}'"));
            }
            (Some(algo), _) | (None, Some(algo)) => algo,
            (None, None) => {
                return Err(err!(
                    "hash '{text}' does not include a type, nor is the type otherwise known from context"
                ));
            }
        };
        let format = if sri { HashFormat::Sri } else { format_of_length(rest, algo)? };
        Ok((Self::decode(rest, algo, format)?, format))
    }

    /// Parses `<algo>:<digest>` or SRI.
    pub fn parse_prefixed(text: &str) -> Result<Self> {
        if split_prefix(text).0.is_none() {
            return Err(err!("hash '{text}' does not include a type"));
        }
        Self::parse_any(text, None)
    }

    /// Parses the SRI form.
    pub fn parse_sri(text: &str) -> Result<Self> {
        let (algo, rest) = text.split_once('-').ok_or_else(|| err!("hash '{text}' is not SRI"))?;
        Self::decode(rest, algo.parse()?, HashFormat::Sri)
    }

    /// Parses a bare digest, whose form follows from its length.
    pub fn parse_bare(text: &str, algo: HashAlgo) -> Result<Self> {
        Self::decode(text, algo, format_of_length(text, algo)?)
    }

    /// Parses a bare digest in a given form.
    pub fn decode(text: &str, algo: HashAlgo, format: HashFormat) -> Result<Self> {
        let bytes = match format {
            HashFormat::Base16 => HEXLOWER_PERMISSIVE
                .decode(text.as_bytes())
                .map_err(|_| err!("invalid base16 hash '{text}'"))?,
            HashFormat::Nix32 => nix32::decode(text.as_bytes())?,
            HashFormat::Base64 | HashFormat::Sri => base64::decode(text)?,
        };
        if bytes.len() != algo.size() {
            let name = match format {
                HashFormat::Sri => "SRI",
                HashFormat::Base64 => "Base64",
                other => other.name(),
            };
            return Err(err!(
                "invalid {name} hash '{text}', length {} != expected length {}",
                bytes.len(),
                algo.size()
            ));
        }
        Ok(Self::new(algo, &bytes))
    }
}

fn split_prefix(text: &str) -> (Option<&str>, &str, bool) {
    if let Some((algo, rest)) = text.split_once(':') {
        (Some(algo), rest, false)
    } else if let Some((algo, rest)) = text.split_once('-') {
        (Some(algo), rest, true)
    } else {
        (None, text, false)
    }
}

fn format_of_length(text: &str, algo: HashAlgo) -> Result<HashFormat> {
    let size = algo.size();
    match text.len() {
        len if len == size * 2 => Ok(HashFormat::Base16),
        len if len == nix32::encoded_len(size) => Ok(HashFormat::Nix32),
        len if len == size.div_ceil(3) * 4 => Ok(HashFormat::Base64),
        _ => Err(err!("hash '{text}' has wrong length for hash algorithm '{algo}'")),
    }
}

impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        self.algo == other.algo && self.bytes() == other.bytes()
    }
}

impl Eq for Hash {}

impl std::hash::Hash for Hash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl Ord for Hash {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.len, self.bytes(), self.algo).cmp(&(other.len, other.bytes(), other.algo))
    }
}

impl PartialOrd for Hash {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The form of narinfo and the database: `<algo>:<nix32>`.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefixed(HashFormat::Nix32))
    }
}

/// A hash together with the number of bytes hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizedHash {
    /// Hash of the bytes.
    pub hash: Hash,
    /// Number of bytes.
    pub size: u64,
}

/// Incremental hashing; also an [`std::io::Write`].
#[derive(Clone)]
pub struct Hasher {
    state: State,
    size: u64,
}

#[derive(Clone)]
enum State {
    Blake3(Box<blake3::Hasher>),
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new(algo: HashAlgo) -> Self {
        let state = match algo {
            HashAlgo::Blake3 => State::Blake3(Box::default()),
            HashAlgo::Md5 => State::Md5(Digest::new()),
            HashAlgo::Sha1 => State::Sha1(Digest::new()),
            HashAlgo::Sha256 => State::Sha256(Digest::new()),
            HashAlgo::Sha512 => State::Sha512(Digest::new()),
        };
        Self { state, size: 0 }
    }

    /// Hashes `data` after what came before.
    pub fn update(&mut self, data: &[u8]) {
        self.size += data.len() as u64;
        match &mut self.state {
            State::Blake3(state) => {
                state.update(data);
            }
            State::Md5(state) => state.update(data),
            State::Sha1(state) => state.update(data),
            State::Sha256(state) => state.update(data),
            State::Sha512(state) => state.update(data),
        }
    }

    /// Number of bytes seen.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of all bytes seen.
    pub fn finish(self) -> Hash {
        match self.state {
            State::Blake3(state) => Hash::new(HashAlgo::Blake3, state.finalize().as_bytes()),
            State::Md5(state) => Hash::new(HashAlgo::Md5, &state.finalize()),
            State::Sha1(state) => Hash::new(HashAlgo::Sha1, &state.finalize()),
            State::Sha256(state) => Hash::new(HashAlgo::Sha256, &state.finalize()),
            State::Sha512(state) => Hash::new(HashAlgo::Sha512, &state.finalize()),
        }
    }

    /// Hash and size of all bytes seen.
    pub fn finish_sized(self) -> SizedHash {
        let size = self.size;
        SizedHash { hash: self.finish(), size }
    }
}

impl std::io::Write for Hasher {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Digests of "abc" as `nix-hash --flat` and the algorithms' own specifications give them.
    #[test]
    fn digests_of_abc() {
        let cases = [
            (HashAlgo::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgo::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (HashAlgo::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (HashAlgo::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
        ];
        for (algo, hex) in cases {
            assert_eq!(Hash::of(algo, "abc").base16(), hex, "{algo}");
        }
    }

    #[test]
    fn every_form_round_trips() {
        for algo in HashAlgo::ALL {
            let hash = Hash::of(algo, "firn");
            for format in
                [HashFormat::Base16, HashFormat::Nix32, HashFormat::Base64, HashFormat::Sri]
            {
                let text = hash.prefixed(format);
                assert_eq!(Hash::parse_with_format(&text, None).unwrap(), (hash, format), "{text}");
                if format != HashFormat::Sri {
                    assert_eq!(
                        Hash::parse_bare(&hash.encode(format), algo).unwrap(),
                        hash,
                        "{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            ("abc", "does not include a type"),
            ("sha999:abc", "unknown hash algorithm 'sha999'"),
            ("sha256:abc", "wrong length"),
            ("sha256-abc", "invalid SRI hash"),
        ];
        for (text, part) in cases {
            let message = Hash::parse_any(text, None).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
        let sri = Hash::sha256("").sri();
        let message = Hash::parse_any(&sri, Some(HashAlgo::Sha1)).unwrap_err();
        assert!(message.to_string().contains("should have type 'sha1'"));
    }
}
