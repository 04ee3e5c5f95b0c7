//! `git+…`: a revision of a git repository, or the files that a local work tree has in its index.

use std::path::PathBuf;

use super::forge::Forge;
use super::url::{Url, encode_path};
use super::{Attr, Attrs, Input, InputError, Scheme, check_ref, check_rev, signatures};

/// The scheme `git`.
pub struct GitScheme;

const TEXTS: &[&str] = &["rev", "ref", "keytype", "publicKey", "publicKeys"];
const FLAGS: &[&str] = &["shallow", "submodules", "lfs", "exportIgnore", "allRefs", "verifyCommit"];

impl Scheme for GitScheme {
    fn name(&self) -> &'static str {
        "git"
    }

    fn read_url(&self, url: &Url, _is_flake: bool) -> Option<Result<Attrs, InputError>> {
        let ours = url.scheme == "git" || url.application() == Some("git");
        ours.then(|| Ok(attrs_of(url)))
    }

    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError> {
        let text = attrs.required_text("url")?;
        let mut url = parse_repository_url(text)?;
        if url.scheme != "git" {
            url.scheme = format!("git+{}", url.scheme);
        }
        for name in ["rev", "ref"] {
            if let Some(value) = attrs.text(name)? {
                url.query.insert(name.to_owned(), value.to_owned());
            }
        }
        for name in FLAGS {
            if attrs.get(name) == Some(&Attr::Bool(true)) {
                url.query.insert((*name).to_owned(), "1".to_owned());
            }
        }
        for (name, value) in signatures::to_query(attrs)? {
            url.query.insert(name.to_owned(), value);
        }
        Ok(url)
    }

    fn allowed(&self) -> &'static [&'static str] {
        &[
            "url",
            "ref",
            "rev",
            "shallow",
            "submodules",
            "lfs",
            "exportIgnore",
            "lastModified",
            "revCount",
            "allRefs",
            "dirtyRev",
            "dirtyShortRev",
            "verifyCommit",
            "keytype",
            "publicKey",
            "publicKeys",
        ]
    }

    fn check(&self, attrs: &Attrs) -> Result<(), InputError> {
        parse_repository_url(attrs.required_text("url")?)?;
        signatures::public_keys(attrs)?;
        check_rev(attrs)?;
        check_ref(attrs)
    }

    fn is_locked(&self, attrs: &Attrs) -> bool {
        attrs.get("rev").is_some()
    }
}

fn attrs_of(url: &Url) -> Attrs {
    let mut attrs = Attrs::new();
    let mut repository = url.clone();
    repository.query.clear();
    for (name, value) in &url.query {
        if TEXTS.contains(&name.as_str()) {
            attrs.set(name, value.as_str());
        } else if FLAGS.contains(&name.as_str()) {
            attrs.set(name, value == "1");
        } else if name == "narHash" {
            attrs.set(name, value.as_str());
        } else {
            repository.query.insert(name.clone(), value.clone());
        }
    }
    if let Some(transport) = repository.scheme.strip_prefix("git+") {
        repository.scheme = transport.to_owned();
    }
    attrs.with("url", repository.to_string())
}

/// Reads what stands in the attribute `url`: a URL, or a path or `host:path` as git takes them.
pub fn parse_repository_url(text: &str) -> Result<Url, InputError> {
    if let Some(url) = Url::parse(text).filter(|_| !is_scp_like(text)) {
        return url;
    }
    if text.starts_with('/') {
        return Ok(file_url(text));
    }
    if let Some((host, path)) = text.split_once(':').filter(|_| is_scp_like(text)) {
        return Ok(Url {
            scheme: "ssh".to_owned(),
            authority: Some(host.to_owned()),
            ..file_url(&format!("/{path}"))
        });
    }
    Err(InputError::new(format!("'{text}' is not a valid URL of a Git repository")))
}

fn is_scp_like(text: &str) -> bool {
    text.split_once(':').is_some_and(|(host, path)| host.contains('@') && !path.starts_with("//"))
}

fn file_url(path: &str) -> Url {
    Url {
        scheme: "file".to_owned(),
        authority: Some(String::new()),
        path: encode_path(path),
        query: Default::default(),
        fragment: String::new(),
    }
}

/// The work tree of a local repository from which files are taken as they are, that is when
/// neither a reference nor a revision is asked for.
pub fn work_tree(attrs: &Attrs) -> Option<PathBuf> {
    let pinned = attrs.get("ref").is_some() || attrs.get("rev").is_some();
    local_repository(attrs).filter(|_| !pinned)
}

/// The folder of a repository on this machine's disk.
pub fn local_repository(attrs: &Attrs) -> Option<PathBuf> {
    local_path(attrs.text("url").ok()??)
}

/// The folder on this machine's disk that a repository's address means.
pub fn local_path(address: &str) -> Option<PathBuf> {
    let url = parse_repository_url(address).ok()?;
    (url.scheme == "file").then(|| url.decoded_path().ok().map(PathBuf::from))?
}

/// Where git clones an input from; `None` if it is no repository.
///
/// # Errors
/// An attribute is of the wrong kind.
pub fn repository_url(input: &Input) -> Result<Option<String>, InputError> {
    if let Some(forge) = Forge::of(input.kind()) {
        return forge.repository_url(input.attrs()).map(Some);
    }
    match input.kind() {
        "git" => input.attrs().required_text("url").map(|url| Some(url.to_owned())),
        _ => Ok(None),
    }
}
