//! `base:` — the distribution that is part of the program.
//!
//! It needs no network and is locked by nature: the program that reads the lock file brings the
//! content along, as it brings the builtins along.

use super::url::Url;
use super::{Attrs, InputError, Scheme};

/// The scheme `base`.
pub struct BaseScheme;

impl Scheme for BaseScheme {
    fn name(&self) -> &'static str {
        "base"
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        (url.scheme == "base").then(|| match url.path.is_empty() && url.query.is_empty() {
            true => Ok(Attrs::new()),
            false => Err(InputError::new(format!(
                "'{url}': the built-in distribution is written 'base:'"
            ))),
        })
    }

    fn to_url(&self, _attrs: &Attrs) -> Result<Url, InputError> {
        Ok(Url {
            scheme: "base".to_owned(),
            authority: None,
            path: String::new(),
            query: Default::default(),
            fragment: String::new(),
        })
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["lastModified"]
    }

    fn check(&self, _attrs: &Attrs) -> Result<(), InputError> {
        Ok(())
    }

    fn is_locked(&self, _attrs: &Attrs) -> bool {
        true
    }
}
