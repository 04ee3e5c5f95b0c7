//! Fetching from Mercurial repositories, by the program `hg`. Nix manual, "fetchMercurial".
//!
//! Every repository, a local one too, has a clone in the cache, and revisions are taken out of it. What
//! a branch or tag named is kept beside it and is good for a while, so that not each evaluation asks the
//! origin.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use firn_formats::Hash;

use super::fetch::{Fetcher, Tree};
use super::{Attrs, InputError, hg, is_rev};

/// The branch that is meant when none is named.
const DEFAULT_BRANCH: &str = "default";

/// A revision as the repository describes it.
struct Revision {
    node: String,
    number: u64,
    branch: String,
}

/// A clone in the cache.
struct HgClone {
    place: PathBuf,
    /// Where it comes from, as `hg` takes it: a URL or a path.
    origin: String,
}

impl Fetcher {
    /// The tree of an input of the type `hg`.
    pub(super) fn hg_tree(&self, attrs: &Attrs) -> Result<Tree, InputError> {
        if let Some(place) = hg::work_tree(attrs).filter(|place| place.join(".hg").exists())
            && let Some(tree) = self.changed_work_tree(&place)?
        {
            return Ok(tree);
        }
        let clone = self.hg_clone(attrs)?;
        let revision = self.hg_revision(&clone, attrs)?;
        let scratch = self.scratch()?;
        let root = scratch.path().join("tree");
        self.hg(&["archive", "-R", &text(&clone.place), "-r", &revision.node, &text(&root)])?;
        let note = root.join(".hg_archival.txt");
        fs::remove_file(&note).map_err(|error| {
            InputError::new(format!("cannot remove '{}': {error}", note.display()))
        })?;
        let info = Attrs::new()
            .with("rev", revision.node)
            .with("revCount", revision.number)
            .with("ref", revision.branch);
        Ok(Tree { root, files: None, info, scratch: Some(scratch) })
    }

    /// The tracked files of a work tree as they are, if they are not those of its revision.
    fn changed_work_tree(&self, place: &Path) -> Result<Option<Tree>, InputError> {
        let shown = text(place);
        let status = |flags: &[&str]| self.hg(&[&["status", "-R", &shown], flags].concat());
        if status(&["--modified", "--added", "--removed"])?.is_empty() {
            return Ok(None);
        }
        self.dirty(&format!("Mercurial tree '{shown}' is unclean"))?;
        let branch = self.hg(&["branch", "-R", &shown])?;
        let branch = String::from_utf8_lossy(&branch).trim().to_owned();
        let names = status(&["--clean", "--modified", "--added", "--no-status", "--print0"])?;
        let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        let files = names.map(|name| PathBuf::from(OsStr::from_bytes(name))).collect();
        let info = Attrs::new().with("ref", branch);
        // As with Git: a link to a repository is the repository.
        let root = place.canonicalize().unwrap_or_else(|_| place.to_path_buf());
        Ok(Some(Tree { root, files: Some(files), info, scratch: None }))
    }

    fn hg_clone(&self, attrs: &Attrs) -> Result<HgClone, InputError> {
        let origin = match hg::local_repository(attrs) {
            Some(place) => text(&place),
            None => attrs.required_text("url")?.to_owned(),
        };
        let place = self.cache.join("hg").join(Hash::sha256(&origin).nix32());
        Ok(HgClone { place, origin })
    }

    /// The revision that is wanted, which the clone has afterwards.
    fn hg_revision(&self, clone: &HgClone, attrs: &Attrs) -> Result<Revision, InputError> {
        let reference = attrs.text("ref")?.unwrap_or(DEFAULT_BRANCH);
        let note = clone.note(reference);
        let known = match attrs.text("rev")? {
            Some(rev) => Some(rev.to_owned()),
            None => self.recent(&note),
        };
        if let Some(revision) = known.and_then(|rev| self.hg_log(clone, &rev).ok()) {
            return Ok(revision);
        }
        self.update_clone(clone)?;
        let revision = self.hg_log(clone, attrs.text("rev")?.unwrap_or(reference))?;
        if attrs.get("rev").is_none() {
            let folder = note.parent().unwrap_or(&note);
            // If it can't be noted it is asked for again.
            let _ = fs::create_dir_all(folder).and_then(|()| fs::write(&note, &revision.node));
        }
        Ok(revision)
    }

    /// What a reference named when the origin was last asked, if that is not too long ago.
    fn recent(&self, note: &Path) -> Option<String> {
        let age = fs::metadata(note).ok()?.modified().ok()?.elapsed().ok()?;
        let rev = fs::read_to_string(note).ok().filter(|rev| is_rev(rev))?;
        (age < self.good_for).then_some(rev)
    }

    fn hg_log(&self, clone: &HgClone, name: &str) -> Result<Revision, InputError> {
        let place = text(&clone.place);
        let template = "{node} {rev} {branch}";
        let said = self.hg(&["log", "-R", &place, "-r", name, "--template", template])?;
        let said = String::from_utf8_lossy(&said);
        let mut words = said.splitn(3, ' ');
        match (words.next(), words.next().map(str::parse), words.next()) {
            (Some(node), Some(Ok(number)), Some(branch)) if is_rev(node) => {
                Ok(Revision { node: node.to_owned(), number, branch: branch.to_owned() })
            }
            _ => Err(InputError::new(format!(
                "'hg log' did not describe the revision '{name}' of '{}': it said '{said}'",
                clone.origin
            ))),
        }
    }

    /// Brings the clone up to date with its origin.
    fn update_clone(&self, clone: &HgClone) -> Result<(), InputError> {
        let place = text(&clone.place);
        if !clone.place.exists() {
            let above = clone.place.parent().unwrap_or(&clone.place);
            fs::create_dir_all(above).map_err(|error| {
                InputError::new(format!("cannot create '{}': {error}", above.display()))
            })?;
            return self.hg(&["clone", "--noupdate", "--", &clone.origin, &place]).map(drop);
        }
        let pull = || self.hg(&["pull", "-R", &place, "--", &clone.origin]).map(drop);
        // A pull that was interrupted leaves its journal, which the next one stumbles over.
        pull().or_else(|error| match clone.place.join(".hg/store/journal").exists() {
            true => self.hg(&["recover", "-R", &place]).and_then(|_| pull()),
            false => Err(error),
        })
    }

    /// Runs `hg`, and gives what it prints.
    fn hg(&self, arguments: &[&str]) -> Result<Vec<u8>, InputError> {
        let program = &self.hg.0;
        let mut command = Command::new(program);
        // The same output whatever the user's own settings are.
        command.args(arguments).env("HGPLAIN", "");
        let output = command.output().map_err(|error| {
            InputError::unreachable(format!(
                "cannot run '{}', which fetches Mercurial repositories: {error}\n\
                 help: Mercurial has to be installed, and its program 'hg' in PATH",
                program.display()
            ))
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(InputError::unreachable(format!("hg {} failed: {}", arguments.join(" "), said.trim())))
    }
}

impl HgClone {
    /// Where is kept what a reference named.
    fn note(&self, reference: &str) -> PathBuf {
        let name = Hash::sha256(reference).nix32();
        self.place.with_extension("refs").join(name)
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
