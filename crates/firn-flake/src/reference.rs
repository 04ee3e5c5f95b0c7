//! Flake references: an input and a folder in it, as a URL, as attributes, or as a path.
//!
//! Follows the Nix manual, "nix flake", "Flake references". What stands after `#` is the fragment,
//! which installables give a meaning to.

use std::fmt;
use std::path::{Path, PathBuf};

use firn_fetch::input::url::{Url, decode, encode_path, parse_query};
use firn_fetch::input::{Attrs, Input, InputError, is_flake_id, is_ref, is_rev};
use path_clean::clean;

/// An input and the folder in it that holds `flake.nix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlakeRef {
    /// Where the source tree comes from.
    pub input: Input,
    /// The folder of the flake within the tree; empty for its root.
    pub subdir: String,
}

/// What a path in a flake reference is read against.
#[derive(Clone, Copy, Debug)]
pub enum Base<'a> {
    /// A folder: the path is looked up on disk, and the flake and its repository are searched
    /// upwards from it, as on the command line.
    Folder(&'a Path),
    /// None: a relative path stays relative to the flake that mentions it, as in `flake.nix`.
    Flake,
}

impl FlakeRef {
    /// Reads a flake reference and its fragment.
    pub fn parse(text: &str, base: Base<'_>) -> Result<(Self, String), InputError> {
        if let Some(found) = parse_id(text) {
            return found;
        }
        match Url::parse(text) {
            Some(url) => Self::from_url(absolute(url?, base), true),
            None => parse_path(text, base),
        }
    }

    /// Reads a reference to something that need not be a flake, such as an input with
    /// `flake = false`.
    pub fn parse_input(text: &str, base: Base<'_>, is_flake: bool) -> Result<Self, InputError> {
        let (reference, fragment) = match Url::parse(text) {
            Some(url) if parse_id(text).is_none() => {
                Self::from_url(absolute(url?, base), is_flake)?
            }
            _ => Self::parse(text, base)?,
        };
        if fragment.is_empty() {
            return Ok(reference);
        }
        Err(InputError::new(format!(
            "unexpected fragment '{fragment}' in flake reference '{text}'"
        )))
    }

    /// A reference from the attributes of a lock file or of `flake.nix`.
    pub fn from_attrs(mut attrs: Attrs) -> Result<Self, InputError> {
        let subdir = attrs.text("dir")?.unwrap_or_default().to_owned();
        attrs.remove("dir");
        Ok(FlakeRef { input: Input::from_attrs(attrs)?, subdir })
    }

    /// A reference to an entry of the registries.
    pub fn indirect(id: &str) -> Self {
        FlakeRef { input: Input::indirect(id), subdir: String::new() }
    }

    /// The attributes, with `dir` when the flake is not at the root.
    pub fn to_attrs(&self) -> Attrs {
        let attrs = self.input.attrs().clone();
        if self.subdir.is_empty() { attrs } else { attrs.with("dir", self.subdir.as_str()) }
    }

    /// The same reference without `dir` in its URL, where older lock files repeat it.
    pub fn canonical(&self) -> Self {
        let mut attrs = self.input.attrs().clone();
        let shorter = attrs.text("url").ok().flatten().and_then(|text| {
            let mut url = Url::parse(text)?.ok()?;
            url.query.remove("dir")?;
            Some(url.to_string())
        });
        if let Some(url) = shorter {
            attrs.set("url", url);
        }
        let input = Input::from_attrs(attrs).unwrap_or_else(|_| self.input.clone());
        FlakeRef { input, subdir: self.subdir.clone() }
    }

    fn from_url(mut url: Url, is_flake: bool) -> Result<(Self, String), InputError> {
        let subdir = url.query.remove("dir").unwrap_or_default();
        let fragment = std::mem::take(&mut url.fragment);
        Ok((FlakeRef { input: Input::from_url(&url, is_flake)?, subdir }, fragment))
    }
}

impl fmt::Display for FlakeRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.input.to_url() {
            Ok(mut url) => {
                if !self.subdir.is_empty() {
                    url.query.insert("dir".to_owned(), self.subdir.clone());
                }
                url.fmt(out)
            }
            Err(_) => self.input.fmt(out),
        }
    }
}

/// `nixpkgs`, `nixpkgs/nixos-unstable`, `nixpkgs/BRANCH/REVISION`, with a fragment.
fn parse_id(text: &str) -> Option<Result<(FlakeRef, String), InputError>> {
    let (name, fragment) = text.split_once('#').unwrap_or((text, ""));
    let parts: Vec<&str> = name.split('/').collect();
    let fits = match parts.as_slice() {
        [id] => is_flake_id(id),
        [id, part] => is_flake_id(id) && (is_rev(part) || is_ref(part)),
        [id, reference, rev] => is_flake_id(id) && is_ref(reference) && is_rev(rev),
        _ => false,
    };
    fits.then(|| {
        let url = format!("flake:{name}");
        let url = Url::parse(&url).ok_or_else(|| InputError::new("not a URL"))??;
        let (reference, _) = FlakeRef::from_url(url, true)?;
        Ok((reference, decode(fragment)?))
    })
}

/// Reads relative paths in `path:` and `git+file:` URLs against the base folder.
fn absolute(mut url: Url, base: Base<'_>) -> Url {
    if let (Base::Folder(folder), "path" | "git+file") = (base, url.scheme.as_str())
        && !url.path.starts_with('/')
    {
        url.path = encode_path(&clean(folder.join(&url.path)).to_string_lossy());
    }
    url
}

/// A path without a scheme.
fn parse_path(text: &str, base: Base<'_>) -> Result<(FlakeRef, String), InputError> {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url {
        scheme: "path".to_owned(),
        authority: None,
        path: encode_path(path),
        query: parse_query(query)?,
        fragment: decode(fragment)?,
    };
    if let Base::Folder(folder) = base {
        let place = clean(folder.join(path));
        // A link is where it leads: what is around it is not part of the flake.
        locate(&mut url, &place.canonicalize().unwrap_or(place))?;
    }
    FlakeRef::from_url(url, true)
}

/// Finds the flake that a path on disk means and the repository around it, and fills the URL in.
fn locate(url: &mut Url, path: &Path) -> Result<(), InputError> {
    let flake = find_flake(path)?;
    match find_repository(&flake) {
        None => url.path = encode_path(&flake.to_string_lossy()),
        Some(root) => {
            url.scheme = "git+file".to_owned();
            url.authority = Some(String::new());
            url.path = encode_path(&root.to_string_lossy());
            if let Some(subdir) =
                flake.strip_prefix(&root).ok().filter(|dir| !dir.as_os_str().is_empty())
            {
                if url.query.contains_key("dir") {
                    return Err(InputError::new(format!(
                        "flake URL '{url}' has an inconsistent 'dir' parameter"
                    )));
                }
                url.query.insert("dir".to_owned(), subdir.to_string_lossy().into_owned());
            }
            if root.join(".git/shallow").exists() {
                url.query.insert("shallow".to_owned(), "1".to_owned());
            }
        }
    }
    Ok(())
}

/// The folder with a `flake.nix` at the path or above it, within the repository.
fn find_flake(path: &Path) -> Result<PathBuf, InputError> {
    let error = |text: &str| InputError::new(format!("path '{}' {text}", path.display()));
    if path.file_name().is_some_and(|name| name == "flake.nix") && path.is_file() {
        return Ok(path.parent().unwrap_or(path).to_path_buf());
    }
    if !path.exists() {
        return Err(error("does not exist"));
    }
    if !path.is_dir() {
        return Err(error("is not a flake (because it's not a directory)"));
    }
    for folder in path.ancestors() {
        if folder.join("flake.nix").exists() {
            return Ok(folder.to_path_buf());
        }
        if folder.join(".git").exists() {
            return Err(error(
                "is not part of a flake (neither it nor its parent directories contain a 'flake.nix' file)\n\
                 help: 'firn flake init' in that folder makes one",
            ));
        }
    }
    Err(error(
        "is not a flake: there is no 'flake.nix' in it or above it\nhelp: 'firn flake init' in that folder makes one",
    ))
}

fn find_repository(flake: &Path) -> Option<PathBuf> {
    flake.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf)
}
