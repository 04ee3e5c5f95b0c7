//! `path:…`: a folder on this machine's disk, copied to the store as it is.

use super::url::{Url, encode_path};
use super::{Attrs, InputError, Scheme};

/// The scheme `path`.
pub struct PathScheme;

const FAKE_INFO: &[&str] = &["rev", "revCount", "lastModified", "narHash"];

impl Scheme for PathScheme {
    fn name(&self) -> &'static str {
        "path"
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        (url.scheme == "path").then(|| attrs_of(url))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let mut query = std::collections::BTreeMap::new();
        for name in FAKE_INFO {
            match attrs.get(name) {
                Some(super::Attr::Text(text)) => query.insert((*name).to_owned(), text.clone()),
                Some(super::Attr::Int(number)) => {
                    query.insert((*name).to_owned(), number.to_string())
                }
                _ => None,
            };
        }
        Ok(Url {
            scheme: "path".to_owned(),
            authority: None,
            path: encode_path(attrs.required_text("path")?),
            query,
            fragment: String::new(),
        })
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["path", "rev", "revCount", "lastModified"]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        attrs.required_text("path").map(drop)
    }

    fn is_locked(&self, attrs: &Attrs) -> bool {
        attrs.get("narHash").is_some()
    }
}

fn attrs_of(url: &Url) -> Result<Attrs, InputError> {
    if url.authority.as_deref().is_some_and(|authority| !authority.is_empty()) {
        return Err(InputError::new(format!(
            "path URL '{url}' should not have an authority ('{}')",
            url.authority.as_deref().unwrap_or_default()
        )));
    }
    let mut attrs = Attrs::new().with("path", url.decoded_path()?);
    for (name, value) in &url.query {
        match name.as_str() {
            "rev" | "narHash" => attrs.set(name, value.as_str()),
            "revCount" | "lastModified" => attrs.set(name, parse_number(url, name, value)?),
            _ => {
                return Err(InputError::new(format!(
                    "path URL '{url}' has unsupported parameter '{name}'"
                )));
            }
        };
    }
    Ok(attrs)
}

fn parse_number(url: &Url, name: &str, value: &str) -> Result<u64, InputError> {
    value
        .parse()
        .map_err(|_| InputError::new(format!("path URL '{url}' has invalid parameter '{name}'")))
}
