//! A flake with its lock file brought up to date, on disk as far as the user wants that.

use std::fs;
use std::path::{Path, PathBuf};

use firn_fetch::input::InputError;
use firn_formats::Hash;

use crate::flakes::Flakes;
use crate::lock::LockFile;
use crate::locking::{self, FlakeSource, LockOptions, Locking, SourceFlake, lock_file_place};
use crate::reference::FlakeRef;
use crate::work_tree::WorkTree;

/// What may be done with a lock file that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Write {
    /// It is written.
    #[default]
    Yes,
    /// It is used without being written (`--no-write-lock-file`).
    No,
    /// A change is an error (`--no-update-lock-file`).
    Refuse,
    /// It is written and committed (`--commit-lock-file`), with that first line if not empty.
    Commit(String),
}

/// How a flake is to be locked.
#[derive(Clone, Debug, Default)]
pub struct LockRequest {
    /// What is asked of the lock file's content.
    pub options: LockOptions,
    /// What may be done with it.
    pub write: Write,
    /// Where it is written instead of into the flake (`--output-lock-file`).
    pub output: Option<PathBuf>,
    /// What it is computed from instead of the flake's own (`--reference-lock-file`).
    pub reference: Option<PathBuf>,
    /// Accept inputs that are pinned by content alone (`--allow-dirty-locks`).
    pub allow_dirty: bool,
    /// An input that is not pinned is an error, not a warning: writing the file is the point.
    pub must_write: bool,
}

/// A flake and its lock file.
#[derive(Clone, Debug)]
pub struct LockedFlake {
    /// The flake.
    pub flake: SourceFlake,
    /// The lock file, and trees that are at hand.
    pub locking: Locking,
    /// The lock file that was used is not the one in the flake's tree, so that the flake can't be
    /// reproduced from its reference.
    pub detached: bool,
}

impl LockedFlake {
    /// A hash of all that the flake's value depends on; none while an input is not pinned.
    ///
    /// # Errors
    /// The work tree of the flake can't be read.
    pub fn fingerprint(&self, flakes: &Flakes) -> Result<Option<Hash>, InputError> {
        let lock = &self.locking.lock;
        let input = &self.flake.locked.input;
        if lock.unlocked_input().is_some() {
            return Ok(None);
        }
        let Some(mut text) = flakes.fetcher().fingerprint(input)? else { return Ok(None) };
        text += &format!(";{};{}", self.flake.locked.subdir, lock.to_text().trim_end());
        if let Ok(Some(count)) = input.attrs().int("revCount") {
            text += &format!(";revCount={count}");
        }
        if let Some(time) = input.last_modified() {
            text += &format!(";lastModified={time}");
        }
        Ok(Some(Hash::sha256(text)))
    }

    /// What tells all that the flake's value depends on from any other: the tree as it is in the store, what
    /// the flake sees of where it came from, and the lock file; none while an input is not pinned. Unlike
    /// [`LockedFlake::fingerprint`] it needs no look at the work tree, and is no other program's.
    pub fn content(&self) -> Option<String> {
        let (flake, lock) = (&self.flake, &self.locking.lock);
        if lock.unlocked_input().is_some() {
            return None;
        }
        Some(format!(
            "{}\0{}\0{}\0{}\0{}",
            flake.locked.to_attrs().to_json(),
            flake.folder.tree.as_str(),
            flake.folder.subdir,
            self.detached,
            lock.to_text()
        ))
    }
}

/// Fetches and locks a flake.
///
/// # Errors
/// Those of fetching and locking; the lock file would have to change and may not or can't be
/// written.
pub fn lock_flake(
    flakes: &Flakes,
    reference: &FlakeRef,
    request: &LockRequest,
) -> Result<LockedFlake, InputError> {
    let mut flake = flakes.fetch_flake(reference, false, &[])?;
    if let Some(path) = &request.reference {
        let text = fs::read_to_string(path).map_err(|error| {
            InputError::new(format!("cannot read '{}': {error}", path.display()))
        })?;
        flake.lock = LockFile::parse(&text, &path.to_string_lossy())?;
    }
    let mut locking = locking::lock(flakes, &flake, &request.options)?;
    if locking.lock == flake.lock && request.output.is_none() {
        return Ok(LockedFlake { flake, locking, detached: false });
    }
    let diff = LockFile::diff(&flake.lock, &locking.lock);
    if request.write == Write::No {
        flakes.warn(&format!(
            "not writing modified lock file of flake '{reference}':\n{}",
            diff.trim_end()
        ));
        return Ok(LockedFlake { flake, locking, detached: true });
    }
    if !write_lock(flakes, reference, &flake, &locking, request, &diff)? {
        return Ok(LockedFlake { flake, locking, detached: true });
    }
    if request.output.is_none() {
        // The tree has changed by the new lock file: look at it again.
        flakes.forget(&flake.resolved.input);
        flake = flakes.fetch_flake(reference, false, &[])?;
        locking.folders.insert(LockFile::ROOT, flake.folder.clone());
    }
    Ok(LockedFlake { flake, locking, detached: false })
}

/// Writes the lock file; says whether that was done.
fn write_lock(
    flakes: &Flakes,
    reference: &FlakeRef,
    flake: &SourceFlake,
    locking: &Locking,
    request: &LockRequest,
    diff: &str,
) -> Result<bool, InputError> {
    if let Some(unlocked) = locking.lock.unlocked_input()
        && !(request.allow_dirty && unlocked.input.nar_hash().is_some())
    {
        if request.must_write {
            return Err(InputError::new(format!(
                "Not writing lock file of flake '{reference}' because it has an unlocked input \
                 ('{unlocked}'). Use '--allow-dirty-locks' to allow this anyway."
            )));
        }
        flakes.warn(&format!(
            "not writing lock file of flake '{reference}' because it has an unlocked input ('{unlocked}')"
        ));
        return Ok(false);
    }
    if request.write == Write::Refuse {
        return Err(InputError::new(format!(
            "flake '{reference}' requires lock file changes but they're not allowed due to '--no-update-lock-file'\n{}",
            diff.trim_end()
        )));
    }
    let text = locking.lock.to_text();
    if let Some(place) = &request.output {
        return write(place, &text).map(|()| true);
    }
    let place = lock_file_place(reference).ok_or_else(|| {
        InputError::new(format!(
            "cannot write modified lock file of flake '{reference}' (use '--no-write-lock-file' to ignore)"
        ))
    })?;
    let existed = place.exists();
    let verb = if existed { "updating" } else { "creating" };
    flakes.warn(&format!("{verb} lock file '{}':\n{}", place.display(), diff.trim_end()));
    write(&place, &text)?;
    track(flakes, flake, &place)?;
    if let Write::Commit(summary) = &request.write {
        commit(flakes, flake, &place, existed, summary, diff)?;
    }
    Ok(true)
}

fn write(place: &Path, text: &str) -> Result<(), InputError> {
    // Written beside and renamed, so that an interruption leaves the old file.
    let scratch = place.with_extension(format!("lock.{}", std::process::id()));
    fs::write(&scratch, text)
        .and_then(|()| fs::rename(&scratch, place))
        .map_err(|error| InputError::new(format!("cannot write '{}': {error}", place.display())))
}

/// Makes the repository know a new lock file, as a flake in one sees only files that it knows.
fn track(flakes: &Flakes, flake: &SourceFlake, place: &Path) -> Result<(), InputError> {
    match WorkTree::of(flakes, &flake.resolved.input) {
        Some(tree) => tree.add(place),
        None => Ok(()),
    }
}

fn commit(
    flakes: &Flakes,
    flake: &SourceFlake,
    place: &Path,
    existed: bool,
    summary: &str,
    diff: &str,
) -> Result<(), InputError> {
    let Some(tree) = WorkTree::of(flakes, &flake.resolved.input) else { return Ok(()) };
    let relative = place.strip_prefix(tree.root()).unwrap_or(place).to_string_lossy().into_owned();
    let summary = match summary {
        "" => format!("{relative}: {}", if existed { "Update" } else { "Add" }),
        summary => summary.to_owned(),
    };
    tree.commit(&relative, &format!("{summary}\n\nFlake lock file updates:\n\n{diff}"))
}
