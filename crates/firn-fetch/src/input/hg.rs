//! `hg+…`: a revision of a Mercurial repository, or the files that a local work tree tracks.

use std::path::PathBuf;

use super::url::Url;
use super::{Attrs, InputError, Scheme, check_rev};

/// The scheme `hg`.
pub struct HgScheme;

const TRANSPORTS: &[&str] = &["http", "https", "ssh", "file"];

impl Scheme for HgScheme {
    fn name(&self) -> &'static str {
        "hg"
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        let ours = url.application() == Some("hg") && TRANSPORTS.contains(&url.transport());
        ours.then(|| Ok(attrs_of(url)))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let mut url = repository_url(attrs)?;
        url.scheme = format!("hg+{}", url.scheme);
        for name in ["rev", "ref"] {
            if let Some(value) = attrs.text(name)? {
                url.query.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(url)
    }

    fn allowed(&self) -> &'static [&'static str] {
        &["url", "ref", "rev", "revCount"]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        repository_url(attrs)?;
        check_rev(attrs)?;
        match attrs.text("ref")? {
            Some(name) if !is_ref(name) => {
                Err(InputError::new(format!("invalid Mercurial branch/tag name '{name}'")))
            }
            _ => Ok(()),
        }
    }

    fn is_locked(&self, attrs: &Attrs) -> bool {
        attrs.get("rev").is_some()
    }
}

fn attrs_of(url: &Url) -> Attrs {
    let mut attrs = Attrs::new();
    let mut repository = url.clone();
    repository.scheme = url.transport().to_owned();
    repository.query.clear();
    for (name, value) in &url.query {
        match name.as_str() {
            "rev" | "ref" | "narHash" => attrs.set(name, value.as_str()),
            _ => {
                repository.query.insert(name.clone(), value.clone());
                continue;
            }
        };
    }
    attrs.with("url", repository.to_string())
}

fn repository_url(attrs: &Attrs) -> Result<Url, InputError> {
    let text = attrs.required_text("url")?;
    Url::parse(text).unwrap_or_else(|| Err(InputError::new(format!("'{text}' is not a valid URL"))))
}

/// A branch, tag or bookmark by name. Mercurial reads an expression where a name stands (`hg help
/// revsets`), so that characters with a meaning there are refused.
fn is_ref(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '@';
    let further = |c: char| first(c) || "_./+-".contains(c);
    name.starts_with(first) && name.chars().all(further)
}

/// The folder of a repository on this machine's disk.
pub fn local_repository(attrs: &Attrs) -> Option<PathBuf> {
    let url = repository_url(attrs).ok()?;
    (url.scheme == "file").then(|| url.decoded_path().ok().map(PathBuf::from))?
}

/// The work tree from which files are taken as they are: that of a local repository, when neither a
/// reference nor a revision is asked for.
pub fn work_tree(attrs: &Attrs) -> Option<PathBuf> {
    let pinned = attrs.get("ref").is_some() || attrs.get("rev").is_some();
    local_repository(attrs).filter(|_| !pinned)
}
