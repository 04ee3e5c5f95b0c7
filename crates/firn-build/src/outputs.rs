//! From what a builder left behind to valid store objects.
//!
//! Source: manual, "Building", "Processing outputs". Each output is checked, given the metadata of
//! store objects, scanned for references, named by its content where it has no name yet, moved
//! into place and registered; all outputs of a derivation at once or none.

use crate::checks::{Checked, Outputs};
use crate::copy::{copy_tree, move_tree};
use crate::drv_options::DrvOptions;
use crate::failure::{BuildFailure, FailureKind};
use crate::scratch::Scratch;
use firn_formats::{
    ContentAddress, ContentAddressMethod, Derivation, DerivationOutput, Hash, HashAlgo, Hasher,
    ModuloHasher, RefScanner, References, StorePath, StorePathSet, nar, output_path_name,
};

use firn_store::{BuildMode, PathInfo, Realisation, Store, StoreError, StoreResult};
use firn_store_disk::{LocalStore, PathLocks, SeenInodes, canonicalise, delete_path};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What there is after a build.
pub struct Finished<'a> {
    /// The store.
    pub store: &'a LocalStore,
    /// The derivation's path.
    pub drv_path: &'a StorePath,
    /// The derivation, resolved.
    pub drv: &'a Derivation,
    /// Its options.
    pub options: &'a DrvOptions,
    /// The closure of its inputs.
    pub inputs: &'a StorePathSet,
    /// Where each output was made.
    pub made: &'a BTreeMap<String, StorePath>,
    /// Its folders.
    pub scratch: &'a Scratch,
    /// The user that all files must belong to; none if it had several.
    pub builder: Option<u32>,
    /// Whether the builder is part of this program and so holds nothing open.
    pub trusted: bool,
    /// What to do with the outputs.
    pub mode: BuildMode,
    /// Keep a differing output of a check beside the old one.
    pub keep_failed: bool,
}

/// One output on the way.
struct Draft {
    /// Where it lies now.
    at: PathBuf,
    /// The path it was made for.
    scratch_path: StorePath,
    /// References, with other outputs by the paths they were made for.
    references: StorePathSet,
    nar_hash: Hash,
    nar_size: u64,
}

impl Finished<'_> {
    /// Makes the outputs valid, or in a check compares them; returns the paths by name.
    ///
    /// # Errors
    /// An output that is missing or not as it must be; a store that can't be written.
    pub fn register(&self) -> Result<BTreeMap<String, StorePath>, BuildFailure> {
        let mut drafts = BTreeMap::new();
        let mut seen = SeenInodes::default();
        for (name, path) in self.made {
            if self.needs(name)? {
                drafts.insert(name.clone(), self.draft(name, path, &mut seen)?);
            }
        }
        let order = self.order(&drafts)?;
        let mut renamed = BTreeMap::new();
        let mut infos = Outputs::new();
        for name in order {
            let Some(draft) = drafts.remove(&name) else { continue };
            let info = self.settle(&name, draft, &mut renamed)?;
            infos.insert(name, info);
        }
        let (store, drv_path, drv) = (self.store, self.drv_path, self.drv);
        let checked = Checked { store, drv_path, drv, options: self.options, outputs: &infos };
        checked.check()?;
        if self.mode != BuildMode::Check {
            let all: Vec<PathInfo> = infos.values().cloned().collect();
            self.store.register_valid_paths(&all).map_err(|e| self.store_failure(&e))?;
            self.remember(&infos).map_err(|e| self.store_failure(&e))?;
            self.optimise(&infos).map_err(|e| self.store_failure(&e))?;
        }
        self.all_paths(&infos)
    }

    /// Links files with their equals in the store, where the user wants that.
    fn optimise(&self, infos: &Outputs) -> StoreResult<()> {
        if self.store.options().auto_optimise {
            for info in infos.values() {
                self.store.optimise(&info.path)?;
            }
        }
        Ok(())
    }

    fn store_failure(&self, error: &StoreError) -> BuildFailure {
        BuildFailure::store(self.drv_path, error)
    }

    fn reject(&self, text: String) -> BuildFailure {
        BuildFailure::new(self.drv_path, FailureKind::OutputRejected, text)
    }

    fn show(&self, path: &StorePath) -> String {
        self.store.store_dir().display(path)
    }

    fn known_path(&self, name: &str) -> Result<Option<StorePath>, BuildFailure> {
        self.drv
            .output_path(self.store.store_dir(), name)
            .map_err(|e| self.store_failure(&e.into()))
    }

    /// Whether an output is to be taken; one that is valid already stays as it is.
    fn needs(&self, name: &str) -> Result<bool, BuildFailure> {
        if self.mode != BuildMode::Normal {
            return Ok(true);
        }
        match self.known_path(name)? {
            Some(path) => Ok(!self.store.is_valid(&path).map_err(|e| self.store_failure(&e))?),
            None => Ok(true),
        }
    }

    fn all_paths(&self, infos: &Outputs) -> Result<BTreeMap<String, StorePath>, BuildFailure> {
        let mut paths = BTreeMap::new();
        for name in self.made.keys() {
            let path = match infos.get(name) {
                Some(info) => Some(info.path.clone()),
                None => self.known_path(name)?,
            };
            if let Some(path) = path {
                paths.insert(name.clone(), path);
            }
        }
        Ok(paths)
    }

    fn draft(
        &self,
        name: &str,
        path: &StorePath,
        seen: &mut SeenInodes,
    ) -> Result<Draft, BuildFailure> {
        let at = self.scratch.output(path);
        self.check_owner(name, path, &at)?;
        canonicalise(&at, self.builder, seen).map_err(|e| self.reject(e.to_string()))?;
        let candidates = self.inputs.iter().chain(self.made.values());
        let scan = scan(&at, candidates).map_err(|e| self.store_failure(&e))?;
        let references = if self.options.unsafe_discard_references.contains(name) {
            StorePathSet::new()
        } else {
            scan.references
        };
        let scratch_path = path.clone();
        let (nar_hash, nar_size) = (scan.hash, scan.size);
        Ok(Draft { at, scratch_path, references, nar_hash, nar_size })
    }

    fn check_owner(&self, name: &str, path: &StorePath, at: &Path) -> Result<(), BuildFailure> {
        let metadata = fs::symlink_metadata(at).map_err(|_| {
            self.reject(format!(
                "builder for '{}' failed to produce output path for output '{name}' at '{}'",
                self.show(self.drv_path),
                self.show(path)
            ))
        })?;
        let writable = !metadata.is_symlink() && metadata.mode() & 0o022 != 0;
        if writable || self.builder.is_some_and(|uid| metadata.uid() != uid) {
            return Err(self.reject(format!(
                "suspicious ownership or permission on '{}' for output '{name}'; rejecting this \
                 build output",
                self.show(path)
            )));
        }
        Ok(())
    }

    /// Outputs after those they refer to.
    fn order(&self, drafts: &BTreeMap<String, Draft>) -> Result<Vec<String>, BuildFailure> {
        let mut order: Vec<String> = Vec::new();
        let mut left: BTreeSet<&String> = drafts.keys().collect();
        while !left.is_empty() {
            let free = left.iter().copied().find(|name| {
                let others = left.iter().filter(|other| **other != *name);
                let mut refers = others
                    .map(|other| drafts[*name].references.contains(&drafts[*other].scratch_path));
                !refers.any(|refers| refers)
            });
            let Some(name) = free else {
                let names: Vec<&str> = left.iter().map(|n| n.as_str()).collect();
                return Err(self.reject(format!(
                    "cycle detected in build of '{}' in the references of outputs '{}'",
                    self.show(self.drv_path),
                    names.join("', '")
                )));
            };
            left.remove(name);
            order.push(name.clone());
        }
        Ok(order)
    }

    /// Gives an output its final path and moves it there.
    fn settle(
        &self,
        name: &str,
        mut draft: Draft,
        renamed: &mut BTreeMap<StorePath, StorePath>,
    ) -> Result<PathInfo, BuildFailure> {
        let failed = |e: StoreError| self.store_failure(&e);
        let info = match &self.drv.outputs[name] {
            DerivationOutput::InputAddressed(path) => self.input_addressed(path, &draft),
            DerivationOutput::Fixed(wanted) => {
                self.detach(&mut draft).map_err(failed)?;
                let info =
                    self.by_content(name, &mut draft, wanted.method, wanted.hash.algo(), renamed)?;
                if info.ca.as_ref() != Some(wanted) && self.mode == BuildMode::Normal {
                    self.place_mismatch(&info, &draft).map_err(failed)?;
                    return Ok(info);
                }
                info
            }
            DerivationOutput::Floating { method, algo } => {
                self.by_content(name, &mut draft, *method, *algo, renamed)?
            }
            DerivationOutput::Impure { method, algo } => {
                self.detach(&mut draft).map_err(failed)?;
                self.by_content(name, &mut draft, *method, *algo, renamed)?
            }
            DerivationOutput::Deferred => {
                return Err(self.reject(format!("output '{name}' has no path yet")));
            }
        };
        renamed.insert(draft.scratch_path.clone(), info.path.clone());
        if self.mode == BuildMode::Check {
            self.compare(&info, &draft)?;
        } else {
            let dynamic = self.known_path(name)?.is_none();
            self.place(&info, &draft, dynamic).map_err(failed)?;
        }
        Ok(info)
    }

    fn input_addressed(&self, path: &StorePath, draft: &Draft) -> PathInfo {
        let mut info = PathInfo::new(path.clone(), draft.nar_hash, draft.nar_size);
        info.references = draft.references.clone();
        self.sign_off(info)
    }

    fn sign_off(&self, mut info: PathInfo) -> PathInfo {
        info.deriver = Some(self.drv_path.clone());
        info.ultimate = true;
        info
    }

    /// A copy that no process of the build can still have open: a fixed output may come from a
    /// builder that could pass descriptors to an accomplice over the network's sockets.
    fn detach(&self, draft: &mut Draft) -> StoreResult<()> {
        if self.trusted {
            return Ok(());
        }
        let copy = self.scratch.private("copies")?.join(draft.scratch_path.as_str());
        copy_tree(&draft.at, &copy).map_err(StoreError::io("copy", &draft.at))?;
        canonicalise(&copy, None, &mut SeenInodes::default())?;
        draft.at = copy;
        Ok(())
    }

    fn by_content(
        &self,
        name: &str,
        draft: &mut Draft,
        method: ContentAddressMethod,
        algo: HashAlgo,
        renamed: &BTreeMap<StorePath, StorePath>,
    ) -> Result<PathInfo, BuildFailure> {
        let failed = |e: StoreError| self.store_failure(&e);
        self.check_flat(method, draft)?;
        let others: Vec<(String, String)> = renamed
            .iter()
            .filter(|(from, to)| from != to && draft.references.contains(*from))
            .map(|(from, to)| (from.hash_part().to_owned(), to.hash_part().to_owned()))
            .collect();
        self.rewrite(draft, &others).map_err(failed)?;
        let mut references: StorePathSet =
            draft.references.iter().map(|path| renamed.get(path).unwrap_or(path).clone()).collect();
        let own = references.remove(&draft.scratch_path);
        let old = draft.scratch_path.hash_part().to_owned();
        let hash = content_hash(&draft.at, method, algo, &old).map_err(failed)?;
        let ca = ContentAddress { method, hash };
        let split = References { others: references.clone(), self_reference: own };
        let full_name = output_path_name(&self.drv.name, name);
        let dir = self.store.store_dir();
        let path = dir.make_content_path(&full_name, &ca, &split).map_err(|e| failed(e.into()))?;
        if own && path != draft.scratch_path {
            self.rewrite(draft, &[(old, path.hash_part().to_owned())]).map_err(failed)?;
        }
        let rescan = scan(&draft.at, []).map_err(failed)?;
        let mut info = PathInfo::new(path.clone(), rescan.hash, rescan.size);
        if own {
            references.insert(path);
        }
        info.references = references;
        info.ca = Some(ca);
        Ok(self.sign_off(info))
    }

    fn check_flat(&self, method: ContentAddressMethod, draft: &Draft) -> Result<(), BuildFailure> {
        if !matches!(method, ContentAddressMethod::Flat | ContentAddressMethod::Text) {
            return Ok(());
        }
        let plain =
            fs::symlink_metadata(&draft.at).is_ok_and(|m| m.is_file() && m.mode() & 0o100 == 0);
        if plain {
            return Ok(());
        }
        Err(self.reject(format!(
            "output path '{}' should be a non-executable regular file since recursive hashing is \
             not enabled (one of outputHashMode={{flat,text}} is true)",
            self.show(&draft.scratch_path)
        )))
    }

    /// Replaces hash parts in an output, through its archive.
    fn rewrite(&self, draft: &mut Draft, pairs: &[(String, String)]) -> StoreResult<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        let mut archive = Vec::new();
        dump(&draft.at, &mut archive)?;
        for (from, to) in pairs {
            replace_all(&mut archive, from.as_bytes(), to.as_bytes());
        }
        let anew = self.scratch.private("rewritten")?.join(draft.scratch_path.as_str());
        delete_path(&anew)?;
        nar::restore(&archive[..], &anew, nar::RestoreMode::Canonical)
            .map_err(|e| StoreError::other(format!("rewriting hashes: {e}")))?;
        delete_path(&draft.at)?;
        move_tree(&anew, &draft.at).map_err(StoreError::io("move", &anew))
    }

    /// Keeps what has another hash than it should: under its real name it is of use once the hash has
    /// been corrected. Not where somebody else builds that very path just now, who may take for ever.
    fn place_mismatch(&self, info: &PathInfo, draft: &Draft) -> StoreResult<()> {
        let to = self.store.real_path(&info.path);
        let Some(_lock) = PathLocks::try_take(std::slice::from_ref(&to))? else { return Ok(()) };
        self.place(info, draft, false)?;
        self.store.register_valid_paths(std::slice::from_ref(info))
    }

    /// Moves an output to its place. `dynamic` paths are locked only here.
    fn place(&self, info: &PathInfo, draft: &Draft, dynamic: bool) -> StoreResult<()> {
        let to = self.store.real_path(&info.path);
        let _lock = if dynamic { Some(PathLocks::take(std::slice::from_ref(&to))?) } else { None };
        self.store.add_temp_root(&info.path)?;
        let valid = self.store.is_valid(&info.path)?;
        if valid && self.mode == BuildMode::Normal {
            // Another derivation gave the same content.
            return Ok(());
        }
        if valid {
            return self.replace(&to, draft);
        }
        delete_path(&to)?;
        move_tree(&draft.at, &to).map_err(StoreError::io("move into the store", &to))
    }

    /// In a repair the old object goes out of the way only when the new one can follow at once.
    fn replace(&self, to: &Path, draft: &Draft) -> StoreResult<()> {
        let aside = self.scratch.private("replaced")?.join(draft.scratch_path.as_str());
        if to.symlink_metadata().is_ok() {
            move_tree(to, &aside).map_err(StoreError::io("move aside", to))?;
        }
        let moved = move_tree(&draft.at, to);
        if moved.is_err() {
            let _ = move_tree(&aside, to);
        }
        moved.map_err(StoreError::io("move into the store", to))
    }

    fn compare(&self, info: &PathInfo, draft: &Draft) -> Result<(), BuildFailure> {
        let old = self.store.path_info(&info.path).map_err(|e| self.store_failure(&e))?;
        if old.is_none_or(|old| old.nar_hash == info.nar_hash) {
            return Ok(());
        }
        let path = self.show(&info.path);
        let mut text = format!(
            "derivation '{}' may not be deterministic: output '{path}' differs",
            self.show(self.drv_path)
        );
        if self.keep_failed {
            let mut kept = self.store.real_path(&info.path).into_os_string();
            kept.push(".check");
            let kept = PathBuf::from(kept);
            let _ = delete_path(&kept);
            if move_tree(&draft.at, &kept).is_ok() {
                text += &format!(" from '{}'", kept.display());
            }
        } else {
            text += "\nhelp: --keep-failed keeps the new output beside the old one, as '….check'";
        }
        Err(BuildFailure::new(self.drv_path, FailureKind::NotDeterministic, text))
    }

    /// Remembers which paths the outputs of a content-addressing derivation have.
    fn remember(&self, infos: &Outputs) -> StoreResult<()> {
        for (name, info) in infos {
            if matches!(self.drv.outputs[name], DerivationOutput::Floating { .. }) {
                self.store.register_realisation(&Realisation {
                    drv_path: self.drv_path.clone(),
                    output: name.clone(),
                    out_path: info.path.clone(),
                    signatures: BTreeSet::new(),
                })?;
            }
        }
        Ok(())
    }
}

struct Scan {
    hash: Hash,
    size: u64,
    references: StorePathSet,
}

struct ScanWriter {
    hasher: Hasher,
    scanner: RefScanner,
}

impl Write for ScanWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.hasher.update(data);
        self.scanner.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn dump(path: &Path, to: impl Write) -> StoreResult<()> {
    nar::dump_path(path, to)
        .map_err(|e| StoreError::other(format!("reading '{}': {e}", path.display())))
}

/// Hash, size and references of a tree, in one pass.
fn scan<'a>(path: &Path, candidates: impl IntoIterator<Item = &'a StorePath>) -> StoreResult<Scan> {
    let mut writer =
        ScanWriter { hasher: Hasher::new(HashAlgo::Sha256), scanner: RefScanner::new(candidates) };
    dump(path, &mut writer)?;
    let references = writer.scanner.found();
    let sized = writer.hasher.finish_sized();
    Ok(Scan { hash: sized.hash, size: sized.size, references })
}

/// The hash that names an object, with its own hash part `own` taken for zeros.
fn content_hash(
    path: &Path,
    method: ContentAddressMethod,
    algo: HashAlgo,
    own: &str,
) -> StoreResult<Hash> {
    let mut hasher = ModuloHasher::new(algo, own);
    match method {
        ContentAddressMethod::Flat | ContentAddressMethod::Text => {
            let mut file = fs::File::open(path).map_err(StoreError::io("open", path))?;
            io::copy(&mut file, &mut hasher).map_err(StoreError::io("read", path))?;
        }
        ContentAddressMethod::Nar => dump(path, &mut hasher)?,
        other => {
            return Err(StoreError::Unsupported(format!(
                "building outputs that are hashed with the method '{}'",
                other.name()
            )));
        }
    }
    Ok(hasher.finish().hash)
}

/// Replaces texts of equal length in place.
fn replace_all(data: &mut [u8], from: &[u8], to: &[u8]) {
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&data[at..], from) {
        at += found;
        data[at..at + to.len()].copy_from_slice(to);
        at += to.len();
    }
}
