//! The base name of a store object: a 32-digit hash part, a dash and a name.
//!
//! Source: manual, chapter "Store path" and "Complete store path calculation".

use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};

use crate::{FormatError, Hash, Result, error::err, nix32};

/// Longest name part in bytes.
pub const MAX_NAME_LEN: usize = 211;

const HASH_LEN: usize = 32;

/// A store path without its store folder, for example `…32 digits…-hello-2.12`.
///
/// Cheap to clone. Ordered by its text, which is the order derivations and databases use.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StorePath(Arc<str>);

/// Store paths in order.
pub type StorePathSet = BTreeSet<StorePath>;

impl StorePath {
    /// Parses a base name.
    ///
    /// # Errors
    /// Too short, a hash part with a stranger, no dash, or a name against the rules of
    /// [`check_store_path_name`].
    pub fn new(base_name: &str) -> Result<Self> {
        let bytes = base_name.as_bytes();
        if bytes.len() < HASH_LEN + 1 {
            return Err(err!("'{base_name}' is too short to be a valid store path"));
        }
        if bytes[HASH_LEN] != b'-' {
            return Err(err!(
                "'{base_name}' can't name a store path because the hash part is not followed by a '-'"
            ));
        }
        if let Some(&stranger) = bytes[..HASH_LEN].iter().find(|b| !nix32::is_digit(**b)) {
            return Err(err!(
                "store path '{base_name}' contains illegal base-32 character '{}'",
                stranger.escape_ascii()
            ));
        }
        check_store_path_name(&base_name[HASH_LEN + 1..])
            .map_err(|e| err!("path '{base_name}' is not a valid store path: {e}"))?;
        Ok(Self(base_name.into()))
    }

    /// Joins a hash of 20 bytes and a name.
    ///
    /// # Errors
    /// A name against the rules.
    pub fn from_parts(hash: &Hash, name: &str) -> Result<Self> {
        let digest = hash.bytes();
        if digest.len() != 20 {
            return Err(err!("a store path's hash has 20 bytes, not {}", digest.len()));
        }
        check_store_path_name(name)?;
        let mut digits = [0u8; HASH_LEN];
        nix32::encode_into(digest, &mut digits);
        let mut text = String::with_capacity(HASH_LEN + 1 + name.len());
        text.extend(digits.iter().map(|b| char::from(*b)));
        text.push('-');
        text.push_str(name);
        Ok(Self(text.into()))
    }

    /// The whole base name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 32 digits.
    pub fn hash_part(&self) -> &str {
        &self.0[..HASH_LEN]
    }

    /// The name after the dash.
    pub fn name(&self) -> &str {
        &self.0[HASH_LEN + 1..]
    }

    /// Whether this names a store derivation.
    pub fn is_derivation(&self) -> bool {
        self.name().ends_with(".drv")
    }

    /// The name without `.drv`.
    ///
    /// # Errors
    /// When this is no derivation.
    pub fn derivation_name(&self) -> Result<&str> {
        self.name()
            .strip_suffix(".drv")
            .ok_or_else(|| err!("store path '{self}' is not a valid derivation path"))
    }
}

impl AsRef<str> for StorePath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for StorePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for StorePath {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorePath({})", self.0)
    }
}

/// Checks the name part of a store path (also the rule for output names).
///
/// # Errors
/// Empty, longer than [`MAX_NAME_LEN`], `.` or `..` alone or before a dash, or a character outside
/// `0-9 a-z A-Z + - . _ ? =`.
pub fn check_store_path_name(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(err!("name must not be empty"));
    }
    if name.len() > MAX_NAME_LEN {
        return Err(err!("name '{name}' must be no longer than {MAX_NAME_LEN} characters"));
    }
    check_leading_dots(name)?;
    match name.chars().find(|c| !is_name_char(*c)) {
        Some(c) => Err(err!("name '{name}' contains illegal character '{c}'")),
        None => Ok(()),
    }
}

fn check_leading_dots(name: &str) -> Result<()> {
    if name == "." || name == ".." {
        return Err(err!("name '{name}' is not valid"));
    }
    for dots in [".", ".."] {
        if name.strip_prefix(dots).is_some_and(|rest| rest.starts_with('-')) {
            return Err(err!(
                "name '{name}' is not valid: first dash-separated component must not be '{dots}'"
            ));
        }
    }
    Ok(())
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_' | '?' | '=')
}

/// The name part of an output's path: the derivation's name, and `-<output>` unless it is `out`.
pub fn output_path_name(derivation_name: &str, output: &str) -> String {
    if output == "out" { derivation_name.to_owned() } else { format!("{derivation_name}-{output}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        let long = "x".repeat(MAX_NAME_LEN);
        for good in ["a", "...", ".a", "..a", "a?b=c+d_e", long.as_str()] {
            assert!(check_store_path_name(good).is_ok(), "{good}");
        }
        let longer = "x".repeat(MAX_NAME_LEN + 1);
        for bad in ["", ".", "..", ".-a", "..-a", "a b", "a/b", "é", longer.as_str()] {
            assert!(check_store_path_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_of_a_path() {
        let path = StorePath::new("ffffffffffffffffffffffffffffffff-a-1.drv").unwrap();
        assert_eq!(path.name(), "a-1.drv");
        assert_eq!(path.derivation_name().unwrap(), "a-1");
        assert!(path.is_derivation());
        for bad in [
            "",
            "ffffffffffffffffffffffffffffffff",
            "ffffffffffffffffffffffffffffffff-",
            "ffffffffffffffffffffffffffffffffx-a",
            "effffffffffffffffffffffffffffffff-a",
            "Ffffffffffffffffffffffffffffffff-a",
        ] {
            assert!(StorePath::new(bad).is_err(), "{bad}");
        }
    }
}
