//! `flake:ID`: a name to be looked up in the registries.

use super::url::Url;
use super::{Attrs, InputError, Scheme, check_ref, check_rev, is_ref, is_rev};

/// The scheme `indirect`.
pub struct IndirectScheme;

impl Scheme for IndirectScheme {
    fn name(&self) -> &'static str {
        "indirect"
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        (url.scheme == "flake").then(|| attrs_of(url))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let mut path = attrs.required_text("id")?.to_owned();
        for name in ["ref", "rev"] {
            if let Some(value) = attrs.text(name)? {
                path.push('/');
                path.push_str(value);
            }
        }
        Ok(Url {
            scheme: "flake".to_owned(),
            authority: None,
            path,
            query: Default::default(),
            fragment: String::new(),
        })
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["id", "ref", "rev"]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        let id = attrs.required_text("id")?;
        if !is_id(id) {
            return Err(InputError::new(format!("'{id}' is not a valid flake ID")));
        }
        check_rev(attrs)?;
        check_ref(attrs)
    }

    fn is_locked(&self, _attrs: &Attrs) -> bool {
        false
    }
}

/// Whether the text is a flake ID: a letter, then letters, digits, `_` and `-`.
pub fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

fn attrs_of(url: &Url) -> Result<Attrs, InputError> {
    let invalid = || InputError::new(format!("'{url}' is not a valid flake reference"));
    let parts: Vec<&str> = url.path.split('/').collect();
    let attrs = Attrs::new().with("id", *parts.first().ok_or_else(invalid)?);
    match parts[1..] {
        [] => Ok(attrs),
        [rev] if is_rev(rev) => Ok(attrs.with("rev", rev)),
        [reference] if is_ref(reference) => Ok(attrs.with("ref", reference)),
        [reference, rev] if is_ref(reference) && is_rev(rev) => {
            Ok(attrs.with("ref", reference).with("rev", rev))
        }
        _ => Err(invalid()),
    }
}
