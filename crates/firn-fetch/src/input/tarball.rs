//! `https://….tar.gz` and `file+https://…`: an archive unpacked, or a single file.

use super::url::Url;
use super::{Attrs, InputError, Scheme};

/// A file behind a URL, unpacked or not.
pub struct Download {
    name: &'static str,
    unpack: bool,
}

/// The scheme `tarball`.
pub static TARBALL: Download = Download { name: "tarball", unpack: true };

/// The scheme `file`.
pub static FILE: Download = Download { name: "file", unpack: false };

const ENDINGS: &[&str] = &[".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"];

impl Scheme for Download {
    fn name(&self) -> &'static str {
        self.name
    }

    fn read_url(&self, url: &Url, is_flake: bool) -> Option<Result<Attrs, InputError>> {
        let transport = matches!(url.transport(), "http" | "https" | "file");
        let ours = match url.application() {
            Some(application) => application == self.name,
            None => self.unpack == (is_flake || looks_like_archive(&url.path)),
        };
        (transport && ours).then(|| attrs_of(url))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let text = attrs.required_text("url")?;
        Url::parse(text).ok_or_else(|| InputError::new(format!("'{text}' is not a valid URL")))?
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["url", "rev", "revCount", "lastModified", "unpack"]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        attrs.required_text("url").map(drop)
    }

    fn is_locked(&self, attrs: &Attrs) -> bool {
        attrs.get("narHash").is_some()
    }
}

fn looks_like_archive(path: &str) -> bool {
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

fn attrs_of(url: &Url) -> Result<Attrs, InputError> {
    let mut attrs = Attrs::new();
    let mut target = url.clone();
    target.scheme = url.transport().to_owned();
    target.fragment.clear();
    for name in ["narHash", "rev"] {
        if let Some(value) = target.query.remove(name) {
            attrs.set(name, value);
        }
    }
    for name in ["revCount", "lastModified"] {
        if let Some(number) = target.query.get(name).and_then(|value| value.parse::<u64>().ok()) {
            target.query.remove(name);
            attrs.set(name, number);
        }
    }
    Ok(attrs.with("url", target.to_string()))
}
