//! Inputs: where a source tree comes from, as attributes.
//!
//! An [`Input`] is what stands in `flake.nix`, in a lock file or in `builtins.fetchTree`: a set of
//! attributes whose `type` names a [`Scheme`]. A scheme reads and prints the URL form, says whether
//! an input is locked, and fetches it. Follows the Nix manual, "nix flake", "Types".

mod attributes;
mod attrs;
mod base;
mod clone;
mod fetch;
mod forge;
mod git;
mod git_fetch;
mod hg;
mod indirect;
mod lfs;
mod local_git;
mod mercurial;
mod path;
mod seen;
mod signatures;
mod tarball;
pub mod url;

use std::fmt;
use std::path::PathBuf;

pub use attrs::{Attr, Attrs};
pub use fetch::{Fetched, Fetcher, GitProgram, HgProgram, Transport};
pub use git::repository_url;
pub use indirect::is_id as is_flake_id;
use serde_json::Value;
use url::Url;

/// What is wrong with an input, or why it could not be fetched. The text is for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What happened, in one or more lines.
    pub message: String,
    /// The input could not be reached for want of a network, so that an override may help.
    pub unreachable: bool,
    /// The content has another hash than the one that was asked for.
    pub mismatch: bool,
}

impl InputError {
    /// An error with that text.
    pub fn new(message: impl Into<String>) -> Self {
        InputError { message: message.into(), unreachable: false, mismatch: false }
    }

    /// An error that says that the source could not be reached.
    pub fn unreachable(message: impl Into<String>) -> Self {
        InputError { unreachable: true, ..InputError::new(message) }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for InputError {}

/// A kind of input: how it is written and which attributes it takes.
trait Scheme: Sync {
    /// The value of the attribute `type`.
    fn name(&self) -> &'static str;

    /// Reads the URL form; `None` if the URL belongs to another scheme. `is_flake` tells
    /// archives from plain files when the URL leaves it open.
    fn read_url(&self, url: &Url, is_flake: bool) -> Option<Result<Attrs, InputError>>;

    /// Prints the URL form.
    fn to_url(&self, attrs: &Attrs) -> Result<Url, InputError>;

    /// The attributes it takes besides `type`.
    fn allowed(&self) -> &'static [&'static str];

    /// Checks attributes that have only allowed names.
    fn check(&self, attrs: &Attrs) -> Result<(), InputError>;

    /// Whether the attributes pin the content.
    fn is_locked(&self, attrs: &Attrs) -> bool;
}

/// The schemes, in the order in which URLs are offered to them.
const SCHEMES: &[&dyn Scheme] = &[
    &path::PathScheme,
    &base::BaseScheme,
    &git::GitScheme,
    &hg::HgScheme,
    &indirect::IndirectScheme,
    &forge::GITHUB,
    &forge::GITLAB,
    &forge::SOURCEHUT,
    &tarball::TARBALL,
    &tarball::FILE,
];

/// Where a source tree comes from. Invariant: the attributes fit the scheme that `type` names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    attrs: Attrs,
}

impl Input {
    /// An input from its URL form.
    pub fn from_url(url: &Url, is_flake: bool) -> Result<Self, InputError> {
        for scheme in SCHEMES {
            if let Some(attrs) = scheme.read_url(url, is_flake) {
                return Self::from_attrs(attrs?.with("type", scheme.name()));
            }
        }
        Err(InputError::new(format!("input '{url}' is unsupported")))
    }

    /// An input from its attributes.
    ///
    /// # Errors
    /// The type is missing or unknown, an attribute is missing, unknown or of the wrong kind.
    pub fn from_attrs(attrs: Attrs) -> Result<Self, InputError> {
        let kind = attrs.required_text("type")?;
        let scheme = SCHEMES.iter().find(|scheme| scheme.name() == kind).ok_or_else(|| {
            InputError::new(format!("input type '{kind}' is unknown; known are {}", scheme_names()))
        })?;
        let unknown = attrs.iter().map(|(name, _)| name).find(|name| {
            !scheme.allowed().contains(name) && !matches!(*name, "type" | "narHash" | "name")
        });
        if let Some(unknown) = unknown {
            return Err(InputError::new(format!(
                "input attribute '{unknown}' not supported by scheme '{kind}'"
            )));
        }
        scheme.check(&attrs)?;
        Ok(Input { attrs })
    }

    /// An indirect input: a name to be looked up in the registries.
    pub fn indirect(id: &str) -> Self {
        Input { attrs: Attrs::new().with("id", id).with("type", "indirect") }
    }

    /// The distribution that is part of the program.
    pub fn base() -> Self {
        Input { attrs: Attrs::new().with("type", "base") }
    }

    /// A tree on this machine's disk.
    pub fn path(path: &str) -> Self {
        Input { attrs: Attrs::new().with("path", path).with("type", "path") }
    }

    /// The attributes, `type` included.
    pub fn attrs(&self) -> &Attrs {
        &self.attrs
    }

    /// The value of `type`.
    pub fn kind(&self) -> &str {
        self.attrs.text("type").ok().flatten().unwrap_or_default()
    }

    /// The attributes as JSON, as lock files have them.
    pub fn to_json(&self) -> Value {
        self.attrs.to_json()
    }

    /// The URL form.
    pub fn to_url(&self) -> Result<Url, InputError> {
        let mut url = self.scheme().to_url(&self.attrs)?;
        // A revision says it all.
        let has_history = matches!(self.kind(), "git" | "hg");
        if let Some(hash) = self.attrs.text("narHash")?.filter(|_| !has_history) {
            url.query.insert("narHash".to_owned(), hash.to_owned());
        }
        Ok(url)
    }

    /// Whether the content is pinned, so that fetching it twice gives the same.
    pub fn is_locked(&self) -> bool {
        self.scheme().is_locked(&self.attrs)
    }

    /// What the content depends on, of an input that was fetched: the same text, the same content.
    ///
    /// As the reference's caches identify it. For a work tree with changes see
    /// [`Fetcher::fingerprint`].
    pub(crate) fn plain_fingerprint(&self) -> Option<String> {
        let flag = |name: &str, mark: &'static str| {
            if self.attrs.flag(name).unwrap_or(false) { mark } else { "" }
        };
        let text = match self.kind() {
            "git" => {
                let (submodules, export, lfs) =
                    (flag("submodules", ";s"), flag("exportIgnore", ";e"), flag("lfs", ";l"));
                format!("{}{submodules}{export}{lfs}", self.rev()?)
            }
            "path" => format!("path:{}", self.nar_hash()?),
            "tarball" | "file" => self.nar_hash().or(self.rev())?.to_owned(),
            _ => self.rev()?.to_owned(),
        };
        Some(text)
    }

    /// Whether this names an entry of a registry.
    pub fn is_indirect(&self) -> bool {
        self.kind() == "indirect"
    }

    /// The path, for a `path:` input relative to the flake that has it.
    pub fn relative_path(&self) -> Option<&str> {
        let path = self.attrs.text("path").ok().flatten()?;
        (self.kind() == "path" && !path.starts_with('/')).then_some(path)
    }

    /// The folder that can be edited, for inputs that are one on this machine's disk.
    pub fn source_path(&self) -> Option<PathBuf> {
        match self.kind() {
            "path" => self.attrs.text("path").ok().flatten().map(PathBuf::from),
            "git" => git::work_tree(&self.attrs),
            "hg" => hg::work_tree(&self.attrs),
            _ => None,
        }
    }

    /// The expected NAR hash in SRI form, if the input has one.
    pub fn nar_hash(&self) -> Option<&str> {
        self.attrs.text("narHash").ok().flatten()
    }

    /// The git revision, if the input has one.
    pub fn rev(&self) -> Option<&str> {
        self.attrs.text("rev").ok().flatten()
    }

    /// Seconds since 1970 of the last change, if known.
    pub fn last_modified(&self) -> Option<u64> {
        self.attrs.int("lastModified").ok().flatten()
    }

    /// The same input with other values for a reference or revision, as a registry entry takes
    /// from the input that was looked up.
    pub fn with_ref_and_rev(
        &self,
        reference: Option<&str>,
        rev: Option<&str>,
    ) -> Result<Self, InputError> {
        let mut attrs = self.attrs.clone();
        if let Some(rev) = rev {
            attrs.remove("ref");
            attrs.set("rev", rev);
        }
        if let Some(reference) = reference {
            if self.kind() != "git" {
                attrs.remove("rev");
            }
            attrs.set("ref", reference);
        }
        Self::from_attrs(attrs)
    }

    fn scheme(&self) -> &'static dyn Scheme {
        let kind = self.kind();
        let found = SCHEMES.iter().find(|scheme| scheme.name() == kind);
        // The constructor admits only known types; indirect is as good as any should that break.
        *found.unwrap_or(&(&indirect::IndirectScheme as &dyn Scheme))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_url() {
            Ok(url) => url.fmt(out),
            Err(_) => self.to_json().fmt(out),
        }
    }
}

fn scheme_names() -> String {
    SCHEMES.iter().map(|scheme| scheme.name()).collect::<Vec<_>>().join(", ")
}

/// Whether the text is a full git revision: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits.
pub fn is_rev(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the text can be a git reference name (the rules of git-check-ref-format that matter).
pub fn is_ref(text: &str) -> bool {
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    let bad_char = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    !text.is_empty()
        && !text.contains("..")
        && !text.contains("@{")
        && text != "@"
        && !text.starts_with('-')
        && !text.ends_with('.')
        && !text.chars().any(bad_char)
        && !text.split('/').any(bad_part)
}

fn check_rev(attrs: &Attrs) -> Result<(), InputError> {
    match attrs.text("rev")? {
        Some(rev) if !is_rev(rev) => Err(InputError::new(format!(
            "'{rev}' is not a commit hash: 40 hexadecimal digits are expected"
        ))),
        _ => Ok(()),
    }
}

fn check_ref(attrs: &Attrs) -> Result<(), InputError> {
    match attrs.text("ref")? {
        Some(reference) if !is_ref(reference) => {
            Err(InputError::new(format!("invalid Git branch/tag name '{reference}'")))
        }
        _ => Ok(()),
    }
}
