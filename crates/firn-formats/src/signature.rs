//! Ed25519 keys and signatures in Nix's text form, `<name>:<base64>`.
//!
//! Source: manual, "Signature" (JSON formats) and `nix key`.

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signer, Verifier};

use crate::{FormatError, Result, base64, error::err};

/// A key that signs: a name, the seed and the public half.
pub struct SecretKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// A signature and the name of its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    /// Name of the key.
    pub key: String,
    /// The 64 bytes.
    pub bytes: [u8; 64],
}

impl SecretKey {
    /// A key from 32 random bytes that the caller drew.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Self {
        Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs `data`.
    pub fn sign(&self, data: &[u8]) -> Signature {
        Signature { key: self.name.clone(), bytes: self.key.sign(data).to_bytes() }
    }

    /// The half that verifies.
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// The text form, which is secret.
    pub fn to_secret_text(&self) -> String {
        format!("{}:{}", self.name, base64::encode(&self.key.to_keypair_bytes()))
    }
}

/// Shows the name only.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.name)
    }
}

impl FromStr for SecretKey {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        // The text is secret: messages must not repeat it.
        let (name, bytes) = split::<64>(text)
            .ok_or_else(|| err!("secret key is not of the form <name>:<base64>"))?;
        let key = ed25519_dalek::SigningKey::from_keypair_bytes(&bytes)
            .map_err(|_| err!("secret key '{name}' is not a valid Ed25519 key pair"))?;
        Ok(Self { name, key })
    }
}

impl PublicKey {
    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `signature` was made over `data` with the other half of this key.
    pub fn verify(&self, data: &[u8], signature: &Signature) -> bool {
        let bytes = ed25519_dalek::Signature::from_bytes(&signature.bytes);
        signature.key == self.name && self.key.verify(data, &bytes).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, base64::encode(self.key.as_bytes()))
    }
}

impl FromStr for PublicKey {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        let (name, bytes) = split::<32>(text)
            .ok_or_else(|| err!("public key '{text}' is not of the form <name>:<base64>"))?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes)
            .map_err(|_| err!("public key '{text}' is not a valid Ed25519 key"))?;
        Ok(Self { name, key })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, base64::encode(&self.bytes))
    }
}

impl FromStr for Signature {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        let (key, bytes) = split::<64>(text)
            .ok_or_else(|| err!("signature '{text}' is not of the form <name>:<base64>"))?;
        Ok(Self { key, bytes })
    }
}

fn split<const N: usize>(text: &str) -> Option<(String, [u8; N])> {
    let (name, data) = text.trim_end().split_once(':')?;
    if name.is_empty() {
        return None;
    }
    let bytes = base64::decode(data).ok()?;
    Some((name.to_owned(), bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn signs_and_verifies_in_text_form() {
        let secret = SecretKey::from_seed("cache.example-1", &[7; 32]);
        let again: SecretKey = secret.to_secret_text().parse().unwrap();
        let public: PublicKey = again.public().to_string().parse().unwrap();
        let signature: Signature = again.sign(b"text").to_string().parse().unwrap();
        assert!(public.verify(b"text", &signature));
        assert!(!public.verify(b"other", &signature));
        let renamed = Signature { key: "other-1".into(), ..signature };
        assert!(!public.verify(b"text", &renamed), "the name counts");
    }

    #[test]
    fn malformed_keys_are_errors_and_secret_text_stays_secret() {
        let message = "k:AAAA".parse::<SecretKey>().unwrap_err().to_string();
        assert!(!message.contains("AAAA"));
        assert!("k".parse::<PublicKey>().is_err());
        assert!(":AAAA".parse::<PublicKey>().is_err());
    }
}
