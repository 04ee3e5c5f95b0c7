//! Fetching from Git repositories: a revision of one, or the files of a local work tree.

use std::path::{Path, PathBuf};
use std::process::Command;

use firn_formats::Hash;

use super::attributes;
use super::clone::Clone;
use super::fetch::{Fetcher, Tree};
use super::local_git::{LocalGit, Wanted};
use super::{Attrs, Input, InputError, git};

impl Fetcher {
    /// The tree of an input of the type `git`.
    pub(super) fn git_tree(&self, attrs: &Attrs) -> Result<Tree, InputError> {
        if attrs.flag("exportIgnore")? && attrs.flag("submodules")? {
            let text = "exportIgnore and submodules are not supported together yet";
            return Err(InputError::new(text));
        }
        let local = git::work_tree(attrs).filter(|_| !self.force_clone);
        if let Some(place) = local.filter(|place| place.join(".git").exists()) {
            return self.work_tree(&place, attrs);
        }
        let scratch = self.scratch()?;
        let root = scratch.path().join("tree");
        let (repository, revision, reference) = self.export(attrs, &root)?;
        let mut info = Attrs::new()
            .with("rev", revision.to_string())
            .with("lastModified", repository.commit_time(revision)?);
        if !attrs.flag("shallow")? && !repository.is_shallow() {
            info.set("revCount", repository.count_revisions(revision)?);
        }
        if let Some(reference) = reference {
            info.set("ref", reference);
        }
        Ok(Tree { root, files: None, info, scratch: Some(scratch) })
    }

    /// The repository on this machine's disk that a fetched input came from, if its history is cut off
    /// and nobody said that this is fine (`shallow`).
    pub fn shallow_repository(&self, input: &Input) -> Option<PathBuf> {
        let attrs = input.attrs();
        let counted = attrs.get("rev").is_some() && attrs.flag("shallow") == Ok(false);
        let place = git::local_repository(attrs).filter(|_| counted && input.kind() == "git")?;
        LocalGit::open(&place).is_ok_and(|repository| repository.is_shallow()).then_some(place)
    }

    /// Writes the wanted revision of a repository below `root`, with its submodules if they are
    /// wanted.
    fn export(
        &self,
        attrs: &Attrs,
        root: &Path,
    ) -> Result<(LocalGit, gix::ObjectId, Option<String>), InputError> {
        let found = self.revision(attrs)?;
        let (repository, revision, _) = &found;
        self.verify_commit(attrs, repository.place(), Some(&revision.to_string()))?;
        let wanted =
            Wanted { leave_out: attrs.flag("exportIgnore")?, large_files: attrs.flag("lfs")? };
        let large = repository.export(*revision, root, &wanted)?;
        self.smudge(repository, root, &large)?;
        if attrs.flag("submodules")? {
            for submodule in repository.submodules(*revision, root)? {
                let inner = Attrs::new()
                    .with("url", submodule.url)
                    .with("rev", submodule.rev.to_string())
                    .with("submodules", true)
                    .with("lfs", wanted.large_files);
                let place = root.join(&submodule.path);
                self.export(&inner, &place).map_err(|error| InputError {
                    message: format!(
                        "{}\n… while fetching the Git submodule '{}'",
                        error.message,
                        submodule.path.display()
                    ),
                    ..error
                })?;
            }
        }
        Ok(found)
    }

    fn work_tree(&self, place: &Path, attrs: &Attrs) -> Result<Tree, InputError> {
        let shallow = attrs.flag("shallow")?;
        let repository = LocalGit::open(place)?;
        let mut state = repository.work_tree(attrs.flag("submodules")?)?;
        if attrs.flag("exportIgnore")? {
            attributes::leave_out(place, &mut state.files);
        }
        let mut info = Attrs::new();
        match (&state.head, state.dirty) {
            (head, true) => {
                self.dirty(&format!("Git tree '{}' is dirty", place.display()))?;
                if let Some(head) = head {
                    let head = head.to_string();
                    info.set("dirtyRev", format!("{head}-dirty"));
                    info.set("dirtyShortRev", format!("{}-dirty", &head[..7]));
                }
            }
            (Some(head), false) => {
                info.set("rev", head.to_string());
                if !shallow && !repository.is_shallow() {
                    info.set("revCount", repository.count_revisions(*head)?);
                }
            }
            (None, false) => {
                info.set("rev", "0".repeat(40));
                info.set("revCount", 0);
            }
        }
        if let Some(branch) = state.branch.filter(|_| !state.dirty) {
            info.set("ref", branch);
        }
        let commit = state.head.filter(|_| !state.dirty).map(|head| head.to_string());
        self.verify_commit(attrs, place, commit.as_deref())?;
        let time = state.head.map(|head| repository.commit_time(head)).transpose()?;
        info.set("lastModified", time.unwrap_or(0));
        // A link to a repository is the repository, not a link in the store.
        let root = place.canonicalize().unwrap_or_else(|_| place.to_path_buf());
        Ok(Tree { root, files: Some(state.files), info, scratch: None })
    }

    /// The repository that has the wanted revision, that revision, and the reference it was found by.
    fn revision(
        &self,
        attrs: &Attrs,
    ) -> Result<(LocalGit, gix::ObjectId, Option<String>), InputError> {
        let (rev, reference) = (attrs.text("rev")?, attrs.text("ref")?);
        if let Some(place) = git::local_repository(attrs).filter(|_| !self.force_clone) {
            let repository = LocalGit::open(&place)?;
            let name = match (rev, reference) {
                (Some(rev), _) => rev.to_owned(),
                (None, Some(reference)) => reference.to_owned(),
                (None, None) => "HEAD".to_owned(),
            };
            let revision = repository.resolve(&name)?;
            let reference = reference.map(str::to_owned).or_else(|| repository.branch());
            return Ok((repository, revision, reference));
        }
        let clone = self.clone_of(attrs.required_text("url")?)?;
        let reference = match reference {
            Some(reference) => Some(reference.to_owned()),
            None => clone.default_branch(self, rev)?,
        };
        let revision = clone.revision(self, reference.as_deref(), rev)?;
        Ok((LocalGit::open(&clone.place)?, revision, reference))
    }

    /// The bare clone in the cache that belongs to a URL; made, empty, where there is none.
    pub(super) fn clone_of(&self, url: &str) -> Result<Clone, InputError> {
        let place = self.cache.join("git").join(Hash::sha256(url).nix32());
        if !place.join("HEAD").exists() {
            let shown = place.to_string_lossy();
            self.run_git(&["init", "--quiet", "--bare", &shown])?;
            // Relative URLs of submodules start from here.
            self.run_git(&["-C", &shown, "config", "remote.origin.url", url])?;
        }
        Ok(Clone { place, url: url.to_owned() })
    }

    /// Runs git, and gives what it prints.
    pub(super) fn run_git(&self, arguments: &[&str]) -> Result<String, InputError> {
        let program = &self.git.0;
        let output = Command::new(program).args(arguments).output().map_err(|error| {
            InputError::unreachable(format!(
                "cannot run '{}', which fetches Git repositories: {error}",
                program.display()
            ))
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(InputError::unreachable(format!("git {} failed: {}", arguments.join(" "), text.trim())))
    }
}
