//! Flakes as they are found: fetched, read and remembered for one session.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use firn_diag::Diagnostic;
use firn_fetch::input::{Attr, Attrs, Fetched, Fetcher, Input, InputError};
use firn_formats::StorePath;
use firn_instantiate::{TreeOrigin, untracked};
use firn_source::{Origin, SourceMap};

use crate::file::{self, FlakeFile};
use crate::lock::LockFile;
use crate::locking::{FlakeSource, SourceFlake, SourceFolder};
use crate::reference::FlakeRef;
use crate::registry::Registries;

/// Renders a diagnostic about a source text; chosen by the program, which knows its output.
pub type Render = dyn Fn(&Diagnostic, &SourceMap) -> String;

/// Fetches and reads flakes. An input is fetched once in a session.
pub struct Flakes {
    fetcher: Fetcher,
    registries: Registries,
    render: Box<Render>,
    fetched: RefCell<BTreeMap<Input, Fetched>>,
    origins: RefCell<BTreeMap<StorePath, TreeOrigin>>,
}

impl Flakes {
    /// A session. `render` turns mistakes in `flake.nix` into text.
    pub fn new(fetcher: Fetcher, registries: Registries, render: Box<Render>) -> Self {
        Flakes {
            fetcher,
            registries,
            render,
            fetched: RefCell::default(),
            origins: RefCell::default(),
        }
    }

    /// The fetcher behind it.
    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// The registries that names are looked up in.
    pub fn registries(&self) -> &Registries {
        &self.registries
    }

    /// Fetches an input, unless that was done before.
    pub fn fetch(&self, input: &Input) -> Result<Fetched, InputError> {
        if let Some(known) = self.fetched.borrow().get(input) {
            return Ok(known.clone());
        }
        let fetched = self.fetcher.fetch(input).map_err(|error| explain_offline(error, input))?;
        if let Some(origin) = origin(input, &fetched.input) {
            self.origins.borrow_mut().entry(fetched.store_path.clone()).or_insert(origin);
        }
        self.fetched.borrow_mut().insert(input.clone(), fetched.clone());
        Ok(fetched)
    }

    /// What messages call a tree that was fetched here.
    pub fn origin(&self, tree: &StorePath) -> Option<TreeOrigin> {
        self.origins.borrow().get(tree).cloned()
    }

    /// Forgets an input whose tree changed, as writing a lock file does.
    pub fn forget(&self, input: &Input) {
        self.fetched.borrow_mut().remove(input);
    }

    /// Reads a text file of a folder in the store; `None` if there is no such file.
    pub fn read(&self, folder: &SourceFolder, name: &str) -> Result<Option<String>, InputError> {
        let path = self.place(folder)?.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                Err(InputError::new(format!("cannot read '{}': {error}", path.display())))
            }
        }
    }

    /// A folder's place on disk.
    fn place(&self, folder: &SourceFolder) -> Result<PathBuf, InputError> {
        let place = self.fetcher.store.to_real_path(&folder.tree);
        let place = place.ok_or_else(|| {
            InputError::new(format!(
                "source tree '{}' is not on this machine",
                folder.tree.as_str()
            ))
        })?;
        Ok(place.join(&folder.subdir))
    }

    /// The path of a folder as the language sees it.
    pub fn logical_path(&self, folder: &SourceFolder) -> String {
        let tree = self.fetcher.store.store_dir().display(&folder.tree);
        if folder.subdir.is_empty() { tree } else { format!("{tree}/{}", folder.subdir) }
    }

    fn parse(
        &self,
        folder: &SourceFolder,
        text: String,
        prefix: &[String],
    ) -> Result<FlakeFile, InputError> {
        let sources = SourceMap::new();
        let origin =
            Origin::Path(PathBuf::from(format!("{}/flake.nix", self.logical_path(folder))));
        let source = sources
            .add(origin, text.into_bytes())
            .map_err(|error| InputError::new(error.to_string()))?;
        let parsed = firn_syntax::parse(&source, &firn_syntax::ParseOptions::default());
        parsed
            .and_then(|ast| file::read(&ast, prefix))
            .map_err(|diagnostic| InputError::new((self.render)(&diagnostic, &sources)))
    }

    fn resolve(&self, reference: &FlakeRef, limited: bool) -> Result<FlakeRef, InputError> {
        self.registries.resolve(reference, limited)
    }
}

impl FlakeSource for Flakes {
    fn fetch_flake(
        &self,
        reference: &FlakeRef,
        limited: bool,
        prefix: &[String],
    ) -> Result<SourceFlake, InputError> {
        let resolved = self.resolve(reference, limited)?;
        let mut fetched = self.fetch(&resolved.input)?;
        let folder =
            |tree: &StorePath| SourceFolder { tree: tree.clone(), subdir: resolved.subdir.clone() };
        let mut flake = self.read_flake(&folder(&fetched.store_path), &resolved, prefix)?;
        let known = resolved.input.attrs().clone();
        let is_news = |name: &str, value: &Attr| match known.get(name) {
            Some(known) => known != value,
            None => *value != Attr::Bool(false),
        };
        if flake.file.self_attrs.iter().any(|(name, value)| is_news(name, value)) {
            // `inputs.self` says how the tree itself is to be fetched, so that is done again, unless
            // the reference says the same.
            let mut attrs = as_found(&fetched.input);
            for (name, value) in flake.file.self_attrs.iter() {
                attrs.set(name, value.clone());
            }
            (self.fetcher.note)(&format!(
                "refetching input '{}' due to self attribute",
                resolved.input
            ));
            fetched = self.fetch(&Input::from_attrs(attrs)?)?;
            flake = self.read_flake(&folder(&fetched.store_path), &resolved, prefix)?;
        }
        flake.locked = FlakeRef { input: fetched.input, subdir: resolved.subdir.clone() };
        flake.resolved = resolved;
        Ok(flake)
    }

    fn read_flake(
        &self,
        folder: &SourceFolder,
        reference: &FlakeRef,
        prefix: &[String],
    ) -> Result<SourceFlake, InputError> {
        let text = self.read(folder, "flake.nix")?.ok_or_else(|| no_flake(reference))?;
        let file = self.parse(folder, text, prefix)?;
        let lock = match self.read(folder, "flake.lock")? {
            Some(text) => {
                let place = format!("{}/flake.lock", self.logical_path(folder));
                let lock = LockFile::parse(&text, &place)?;
                if let Some(input) = lock.unlocked_input() {
                    self.warn(&format!(
                        "Lock file entry '{input}' is unlocked (e.g. lacks a Git revision) but is checked by \
                         NAR hash. This is not reproducible and will break after garbage collection or when \
                         shared."
                    ));
                }
                lock
            }
            None => LockFile::default(),
        };
        Ok(SourceFlake {
            resolved: reference.clone(),
            locked: reference.clone(),
            folder: folder.clone(),
            file,
            lock,
        })
    }

    fn fetch_tree(
        &self,
        reference: &FlakeRef,
        limited: bool,
    ) -> Result<(FlakeRef, SourceFolder), InputError> {
        let resolved = self.resolve(reference, limited)?;
        let fetched = self.fetch(&resolved.input)?;
        let folder = SourceFolder { tree: fetched.store_path, subdir: resolved.subdir.clone() };
        Ok((FlakeRef { input: fetched.input, subdir: resolved.subdir }, folder))
    }

    fn warn(&self, text: &str) {
        (self.fetcher.warn)(text);
    }
}

/// A source for callers that keep it for longer than a borrow.
pub type SharedFlakes = Arc<Flakes>;

/// The attributes of a fetched input by which the same content is fetched in another way.
fn as_found(fetched: &Input) -> Attrs {
    let mut attrs = fetched.attrs().clone();
    for about in ["narHash", "lastModified", "revCount", "dirtyRev", "dirtyShortRev"] {
        attrs.remove(about);
    }
    attrs
}

/// What messages call a tree: the folder that was asked for, or the URL that names its content.
fn origin(asked: &Input, got: &Input) -> Option<TreeOrigin> {
    match (asked.kind(), asked.source_path()) {
        ("base", _) => None,
        ("git", Some(folder)) if folder.join(".git").exists() => Some(TreeOrigin::WorkTree(folder)),
        ("path", Some(folder)) => Some(TreeOrigin::Folder(folder)),
        _ => {
            let mut url = got.to_url().ok()?;
            url.query.remove("narHash");
            Some(TreeOrigin::Url(url.to_string()))
        }
    }
}

fn no_flake(reference: &FlakeRef) -> InputError {
    let file = std::path::Path::new(&reference.subdir).join("flake.nix");
    if let Some(root) = reference.input.source_path().filter(|_| reference.input.kind() == "git")
        && root.join(&file).exists()
    {
        return InputError::new(untracked(&root, &file.to_string_lossy()));
    }
    InputError::new(format!(
        "source tree referenced by '{reference}' does not contain a 'flake.nix' file"
    ))
}

fn explain_offline(error: InputError, input: &Input) -> InputError {
    if !error.unreachable || error.message.contains("--override-input") {
        return error;
    }
    let is_nixpkgs = input.attrs().text("repo") == Ok(Some("nixpkgs"));
    let name = if is_nixpkgs { "nixpkgs" } else { "NAME" };
    let message = format!(
        "{}\nhelp: without a network an input can be taken from elsewhere: '--override-input {name} base' \
         uses the distribution that is built in, '--override-input {name} path:/…' a folder",
        error.message
    );
    InputError { message, ..error }
}
