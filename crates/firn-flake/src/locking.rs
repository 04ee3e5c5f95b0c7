//! From a flake's inputs and its old lock file to a new lock file.
//!
//! For each input, in the order of names: an override of a flake further up wins; an entry of the
//! old lock file is kept while `flake.nix` asks for the same; what is new is fetched and locked,
//! with that flake's own lock file for the inputs below it. `follows` edges are checked at the end
//! (Nix manual, "nix flake lock").

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use firn_fetch::input::InputError;
use firn_formats::StorePath;

use crate::file::{FlakeFile, FlakeInput};
use crate::lock::{Edge, InputPath, LockFile, Locked, NodeIndex};
use crate::reference::FlakeRef;

/// Fetches flakes and reads their files, as locking needs it.
pub trait FlakeSource {
    /// Fetches the flake that a reference means. `limited` keeps the user's registries out.
    fn fetch_flake(
        &self,
        reference: &FlakeRef,
        limited: bool,
        prefix: &[String],
    ) -> Result<SourceFlake, InputError>;

    /// Reads the flake in a folder of a tree that is already fetched.
    fn read_flake(
        &self,
        folder: &SourceFolder,
        reference: &FlakeRef,
        prefix: &[String],
    ) -> Result<SourceFlake, InputError>;

    /// Fetches a tree that need not be a flake.
    fn fetch_tree(
        &self,
        reference: &FlakeRef,
        limited: bool,
    ) -> Result<(FlakeRef, SourceFolder), InputError>;

    /// Tells the user something.
    fn warn(&self, text: &str);
}

/// A folder of a tree in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFolder {
    /// The tree.
    pub tree: StorePath,
    /// The folder in it; empty for the root.
    pub subdir: String,
}

impl SourceFolder {
    /// The folder at a relative path from this one, which may lead upwards.
    pub fn join(&self, relative: &str) -> Result<Self, InputError> {
        let mut parts: Vec<&str> = self.subdir.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or_else(|| {
                        InputError::new(format!(
                            "relative path '{relative}' leads out of the source tree, which is forbidden in \
                             pure evaluation mode; beside the tree '{relative}' does not exist"
                        ))
                    })?;
                }
                part => parts.push(part),
            }
        }
        Ok(SourceFolder { tree: self.tree.clone(), subdir: parts.join("/") })
    }
}

/// A fetched flake.
#[derive(Clone, Debug)]
pub struct SourceFlake {
    /// The reference after registries were asked.
    pub resolved: FlakeRef,
    /// The reference with its content pinned.
    pub locked: FlakeRef,
    /// Where it is.
    pub folder: SourceFolder,
    /// Its `flake.nix`.
    pub file: FlakeFile,
    /// Its `flake.lock`; empty when it has none.
    pub lock: LockFile,
}

/// What a user may ask of locking.
#[derive(Clone, Debug, Default)]
pub struct LockOptions {
    /// Inputs to be taken from elsewhere, by path.
    pub overrides: BTreeMap<InputPath, FlakeRef>,
    /// Inputs whose entries in the old lock file are not used.
    pub updates: BTreeSet<InputPath>,
    /// Start from an empty lock file.
    pub recreate: bool,
    /// Refuse inputs that are not pinned, as pure evaluation does.
    pub only_locked: bool,
}

/// A new lock file, and where the nodes that were fetched on the way are.
#[derive(Clone, Debug)]
pub struct Locking {
    /// The lock file.
    pub lock: LockFile,
    /// Trees that are at hand, by node; the root is among them.
    pub folders: BTreeMap<NodeIndex, SourceFolder>,
}

/// Computes the lock file of a flake.
///
/// # Errors
/// An input can't be fetched or is no flake, inputs import each other in a circle, a `follows`
/// leads nowhere.
pub fn lock(
    source: &dyn FlakeSource,
    flake: &SourceFlake,
    options: &LockOptions,
) -> Result<Locking, InputError> {
    let mut overrides = BTreeMap::new();
    for (path, reference) in &options.overrides {
        let input = FlakeInput { reference: Some(reference.clone()), ..Default::default() };
        overrides
            .insert(path.clone(), Override { input, folder: flake.folder.clone(), parent: None });
    }
    let mut work = Work {
        source,
        options,
        new: LockFile::default(),
        folders: BTreeMap::from([(LockFile::ROOT, flake.folder.clone())]),
        overrides,
        used_overrides: BTreeSet::new(),
        seen: BTreeSet::new(),
        parents: Vec::new(),
    };
    let old = if options.recreate { &LockFile::default() } else { &flake.lock };
    let place = Place {
        node: LockFile::ROOT,
        path: Vec::new(),
        old: Some((old, LockFile::ROOT)),
        follows_prefix: Vec::new(),
        folder: &flake.folder,
        trust_lock: false,
    };
    work.compute(&flake.file.inputs, &place)?;
    work.warn_of_unused();
    work.new.check_follows()?;
    Ok(Locking { lock: work.new, folders: work.folders })
}

#[derive(Clone)]
struct Override {
    input: FlakeInput,
    /// Where the flake that overrides is; relative paths start there.
    folder: SourceFolder,
    /// The path of the flake that overrides; none for the command line.
    parent: Option<InputPath>,
}

/// The node whose inputs are being computed.
struct Place<'a> {
    node: NodeIndex,
    path: InputPath,
    /// The node's entry in an older lock file.
    old: Option<(&'a LockFile, NodeIndex)>,
    /// What `follows` in that lock file is relative to.
    follows_prefix: InputPath,
    folder: &'a SourceFolder,
    /// The inputs were read from the lock file itself.
    trust_lock: bool,
}

struct Work<'a> {
    source: &'a dyn FlakeSource,
    options: &'a LockOptions,
    new: LockFile,
    folders: BTreeMap<NodeIndex, SourceFolder>,
    overrides: BTreeMap<InputPath, Override>,
    used_overrides: BTreeSet<InputPath>,
    seen: BTreeSet<InputPath>,
    parents: Vec<FlakeRef>,
}

impl Work<'_> {
    fn compute(
        &mut self,
        inputs: &BTreeMap<String, FlakeInput>,
        place: &Place<'_>,
    ) -> Result<(), InputError> {
        for (name, input) in inputs {
            self.collect_overrides(input, &child(&place.path, name), place);
        }
        self.warn_of_missing(inputs, place);
        for (name, input) in inputs {
            let path = child(&place.path, name);
            self.input(name, input, &path, place).map_err(|error| InputError {
                message: format!(
                    "{}\n… while updating the flake input '{}'",
                    error.message,
                    path.join("/")
                ),
                ..error
            })?;
        }
        Ok(())
    }

    fn collect_overrides(&mut self, input: &FlakeInput, path: &[String], place: &Place<'_>) {
        for (name, inner) in &input.overrides {
            let path = child(path, name);
            if inner.reference.is_some() || inner.follows.is_some() {
                // What stands further up was put here first, and wins.
                self.overrides.entry(path.clone()).or_insert_with(|| Override {
                    input: inner.clone(),
                    folder: place.folder.clone(),
                    parent: Some(place.path.clone()),
                });
            }
            self.collect_overrides(inner, &path, place);
        }
    }

    fn warn_of_missing(&self, inputs: &BTreeMap<String, FlakeInput>, place: &Place<'_>) {
        for path in self.overrides.keys() {
            if let Some((name, parent)) = path.split_last()
                && *parent == place.path
                && !inputs.contains_key(name)
            {
                let at = place.path.join("/");
                self.source.warn(&format!(
                    "input '{at}' has an override for a non-existent input '{name}'"
                ));
            }
        }
    }

    fn input(
        &mut self,
        name: &str,
        written: &FlakeInput,
        path: &InputPath,
        place: &Place<'_>,
    ) -> Result<(), InputError> {
        let over = self.overrides.get(path).cloned();
        if over.is_some() {
            self.used_overrides.insert(path.clone());
        }
        let mut input = over.as_ref().map_or(written, |over| &over.input).clone();
        input.is_flake = written.is_flake;
        if let Some(target) = input.follows {
            self.new.nodes[place.node].inputs.insert(name.to_owned(), Edge::Follows(target));
            return Ok(());
        }
        self.seen.insert(path.clone());
        let wanted = Wanted {
            reference: input.reference.unwrap_or_else(|| FlakeRef::indirect(name)),
            is_flake: input.is_flake,
            written: written.reference.clone(),
            by_user: self.options.overrides.contains_key(path),
            folder: over.as_ref().map_or(place.folder, |over| &over.folder).clone(),
            parent: over.map_or(Some(place.path.clone()), |over| over.parent),
        };
        match self.kept(name, path, &wanted, place) {
            Some((old, index)) => self.keep(name, path, &wanted, place, old, index),
            None => self.lock_anew(name, path, &wanted, place),
        }
    }

    /// The old entry of an input, if it still holds.
    fn kept<'o>(
        &self,
        name: &str,
        path: &InputPath,
        wanted: &Wanted,
        place: &Place<'o>,
    ) -> Option<(&'o LockFile, NodeIndex)> {
        if self.options.updates.contains(path) || wanted.by_user {
            return None;
        }
        let (old, index) = place.old?;
        let Edge::Node(index) = old.nodes[index].inputs.get(name)? else { return None };
        let locked = old.nodes[*index].locked.as_ref()?;
        let same = locked.original.canonical() == wanted.reference.canonical()
            && locked.parent == wanted.parent_of_relative();
        same.then_some((old, *index))
    }

    fn keep(
        &mut self,
        name: &str,
        path: &InputPath,
        wanted: &Wanted,
        place: &Place<'_>,
        old: &LockFile,
        index: NodeIndex,
    ) -> Result<(), InputError> {
        let Some(locked) = old.nodes[index].locked.clone() else { return Ok(()) };
        let reference = locked.locked.clone();
        let node = self.new.add(locked);
        self.new.nodes[place.node].inputs.insert(name.to_owned(), Edge::Node(node));
        let inner_updates = self
            .options
            .updates
            .iter()
            .any(|update| update.len() > path.len() && update.starts_with(path));
        let known =
            (!inner_updates).then(|| self.inputs_of_lock(old, index, path, place)).flatten();
        let below = |folder| Place {
            node,
            path: path.clone(),
            old: Some((old, index)),
            follows_prefix: place.follows_prefix.clone(),
            folder,
            trust_lock: false,
        };
        match known {
            Some(inputs) => {
                self.compute(&inputs, &Place { trust_lock: true, ..below(place.folder) })
            }
            None => {
                let flake = self.fetch(&Wanted { reference, ..wanted.clone() }, path, true)?;
                self.folders.insert(node, flake.folder.clone());
                self.compute(&flake.file.inputs, &below(&flake.folder))
            }
        }
    }

    /// The inputs of a kept node as the lock file tells them; none if the flake has to be looked at.
    fn inputs_of_lock(
        &self,
        old: &LockFile,
        index: NodeIndex,
        path: &InputPath,
        place: &Place<'_>,
    ) -> Option<BTreeMap<String, FlakeInput>> {
        let mut inputs = BTreeMap::new();
        for (name, edge) in &old.nodes[index].inputs {
            let input = match edge {
                Edge::Node(child) => {
                    let locked = old.nodes[*child].locked.as_ref()?;
                    FlakeInput {
                        reference: Some(locked.original.clone()),
                        is_flake: locked.is_flake,
                        ..Default::default()
                    }
                }
                Edge::Follows(target) => {
                    if !place.trust_lock && !self.overrides.contains_key(&child(path, name)) {
                        return None;
                    }
                    let target = place.follows_prefix.iter().chain(target).cloned().collect();
                    FlakeInput { follows: Some(target), ..Default::default() }
                }
            };
            inputs.insert(name.clone(), input);
        }
        Some(inputs)
    }

    fn lock_anew(
        &mut self,
        name: &str,
        path: &InputPath,
        wanted: &Wanted,
        place: &Place<'_>,
    ) -> Result<(), InputError> {
        let input = &wanted.reference.input;
        if self.options.only_locked && !input.is_locked() && input.relative_path().is_none() {
            return Err(InputError::new(format!(
                "cannot update unlocked flake input '{}' in pure mode",
                path.join("/")
            )));
        }
        // An override of the command line leaves "original" as the flake has it, so that it lasts
        // until the input is updated.
        let original = wanted
            .written
            .clone()
            .filter(|_| wanted.by_user)
            .unwrap_or_else(|| wanted.reference.clone());
        let parent = wanted.parent_of_relative();
        if !wanted.is_flake {
            let (locked, folder) = self.fetch_tree(wanted)?;
            let node = self.new.add(Locked { locked, original, is_flake: false, parent });
            self.folders.insert(node, folder);
            self.new.nodes[place.node].inputs.insert(name.to_owned(), Edge::Node(node));
            return Ok(());
        }
        let flake = self.fetch(wanted, path, !wanted.by_user)?;
        let node =
            self.new.add(Locked { locked: flake.locked.clone(), original, is_flake: true, parent });
        self.new.nodes[place.node].inputs.insert(name.to_owned(), Edge::Node(node));
        self.folders.insert(node, flake.folder.clone());
        if self.parents.contains(&wanted.reference) {
            return Err(InputError::new(format!(
                "found circular import of flake '{}'",
                wanted.reference
            )));
        }
        self.parents.push(wanted.reference.clone());
        let below = Place {
            node,
            path: path.clone(),
            old: Some((&flake.lock, LockFile::ROOT)),
            follows_prefix: path.clone(),
            folder: &flake.folder,
            trust_lock: false,
        };
        let result = self.compute(&flake.file.inputs, &below);
        self.parents.pop();
        result
    }

    fn fetch(
        &self,
        wanted: &Wanted,
        path: &[String],
        limited: bool,
    ) -> Result<SourceFlake, InputError> {
        match wanted.reference.input.relative_path() {
            None => self.source.fetch_flake(&wanted.reference, limited, path),
            Some(relative) => {
                let folder = wanted.folder.join(relative)?.join(&wanted.reference.subdir)?;
                self.source.read_flake(&folder, &wanted.reference, path)
            }
        }
    }

    fn fetch_tree(&self, wanted: &Wanted) -> Result<(FlakeRef, SourceFolder), InputError> {
        match wanted.reference.input.relative_path() {
            None => self.source.fetch_tree(&wanted.reference, true),
            Some(relative) => {
                let folder = wanted.folder.join(relative)?.join(&wanted.reference.subdir)?;
                Ok((wanted.reference.clone(), folder))
            }
        }
    }

    fn warn_of_unused(&self) {
        for (path, reference) in &self.options.overrides {
            if !self.used_overrides.contains(path) {
                let path = path.join("/");
                self.source.warn(&format!(
                    "the flag '--override-input {path} {reference}' does not match any input"
                ));
            }
        }
        for path in self.options.updates.difference(&self.seen) {
            self.source
                .warn(&format!("'{}' does not match any input of this flake", path.join("/")));
        }
    }
}

/// What an input is to become.
#[derive(Clone)]
struct Wanted {
    reference: FlakeRef,
    is_flake: bool,
    /// The reference that `flake.nix` has, before any override.
    written: Option<FlakeRef>,
    /// Overridden on the command line.
    by_user: bool,
    /// Where relative paths start.
    folder: SourceFolder,
    /// The flake that relative paths belong to.
    parent: Option<InputPath>,
}

impl Wanted {
    fn parent_of_relative(&self) -> Option<InputPath> {
        self.reference.input.relative_path().and_then(|_| self.parent.clone())
    }
}

fn child(path: &[String], name: &str) -> InputPath {
    path.iter().map(String::as_str).chain([name]).map(str::to_owned).collect()
}

/// The folders of a project on disk that may be written to.
pub fn lock_file_place(reference: &FlakeRef) -> Option<PathBuf> {
    let root = reference.input.source_path()?;
    Some(root.join(&reference.subdir).join("flake.lock"))
}
