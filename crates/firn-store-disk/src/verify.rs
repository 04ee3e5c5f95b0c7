//! Checking that database and disk agree.

use std::{collections::HashSet, fs, io};

use firn_formats::{Hash, HashAlgo, Hasher, StorePath, nar};
use firn_store::{Store, StoreError, StoreResult};

use crate::{
    local::LocalStore,
    lock::{LockKind, lock, open_lock_file},
    optimise::file_hash,
    temp_roots::gc_lock_path,
};

/// What to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Read all contents and compare hashes.
    pub check_contents: bool,
    /// Mend what can be mended without a builder: remove damaged links.
    pub repair: bool,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyProblem {
    /// A valid path is gone from the disk; it was removed from the database.
    Disappeared(StorePath),
    /// A valid path is gone, but others refer to it.
    DisappearedInUse(StorePath),
    /// The content of a path is not what was registered: path, wanted and found hash.
    Modified(StorePath, Hash, Hash),
    /// A file in the folder of links is not what its name says; true if it was removed.
    BadLink(String, bool),
    /// A path could not be read: path and reason.
    Unreadable(StorePath, String),
}

impl LocalStore {
    /// Checks the store and returns what is wrong. `progress` hears of each path that is read.
    ///
    /// Paths which have disappeared and to which nobody refers are removed from the database.
    pub fn verify(
        &self,
        options: VerifyOptions,
        progress: &mut dyn FnMut(&StorePath),
    ) -> StoreResult<Vec<VerifyProblem>> {
        let lock_path = gc_lock_path(&self.layout.state);
        let gc_lock = open_lock_file(&lock_path)?;
        lock(&gc_lock, LockKind::Shared, &lock_path)?;
        let mut problems = Vec::new();
        let present = self.verify_presence(&mut problems)?;
        if options.check_contents {
            self.verify_links(options.repair, &mut problems)?;
            for path in present {
                progress(&path);
                problems.extend(self.verify_content(path)?);
            }
        }
        Ok(problems)
    }

    /// Compares the database with the folder; returns valid paths that are there.
    fn verify_presence(&self, problems: &mut Vec<VerifyProblem>) -> StoreResult<Vec<StorePath>> {
        let folder = &self.layout.real_store;
        let mut names = HashSet::new();
        for entry in fs::read_dir(folder).map_err(StoreError::io("list", folder))? {
            let entry = entry.map_err(StoreError::io("list", folder))?;
            names.insert(entry.file_name().to_string_lossy().into_owned());
        }
        let valid = self.all_valid()?;
        let (present, mut missing): (Vec<_>, Vec<_>) =
            valid.into_iter().partition(|p| names.contains(p.as_str()));
        // Removing one may leave another without referrers.
        loop {
            let before = missing.len();
            let mut left = Vec::new();
            for path in missing {
                let mut referrers = self.referrers(&path)?;
                referrers.remove(&path);
                if referrers.is_empty() {
                    self.db.invalidate(std::slice::from_ref(&path))?;
                    problems.push(VerifyProblem::Disappeared(path));
                } else {
                    left.push(path);
                }
            }
            missing = left;
            if missing.len() == before {
                break;
            }
        }
        problems.extend(missing.into_iter().map(VerifyProblem::DisappearedInUse));
        Ok(present)
    }

    fn verify_links(&self, repair: bool, problems: &mut Vec<VerifyProblem>) -> StoreResult<()> {
        let links = self.layout.links();
        let entries = match fs::read_dir(&links) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(StoreError::io("list", &links))?,
        };
        for entry in entries {
            let entry = entry.map_err(StoreError::io("list", &links))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if file_hash(&entry.path())?.nix32() == name {
                continue;
            }
            if repair {
                fs::remove_file(entry.path()).map_err(StoreError::io("delete", entry.path()))?;
            }
            problems.push(VerifyProblem::BadLink(name, repair));
        }
        Ok(())
    }

    fn verify_content(&self, path: StorePath) -> StoreResult<Option<VerifyProblem>> {
        let Some(info) = self.path_info(&path)? else {
            return Ok(None);
        };
        let mut out = io::BufWriter::with_capacity(64 * 1024, Hasher::new(HashAlgo::Sha256));
        if let Err(e) = nar::dump_path(&self.real_path(&path), &mut out) {
            return Ok(Some(VerifyProblem::Unreadable(path, e.to_string())));
        }
        let Ok(hasher) = out.into_inner() else {
            return Ok(None);
        };
        let found = hasher.finish_sized();
        if found.hash != info.nar_hash && info.nar_hash != Hash::zero(HashAlgo::Sha256) {
            return Ok(Some(VerifyProblem::Modified(path, info.nar_hash, found.hash)));
        }
        if info.nar_size == 0 {
            let mut info = (*info).clone();
            info.nar_size = found.size;
            self.db.register(&[info], &[])?;
        }
        Ok(None)
    }
}
