//! What must hold for finished outputs: allowed references, sizes, fixed hashes.

use crate::drv_options::{AllowedRef, DrvOptions, OutputChecks};
use crate::failure::{BuildFailure, FailureKind};
use firn_formats::{Derivation, DerivationOutput, StorePath, StorePathSet};
use firn_store::{PathInfo, Store, StoreResult};
use std::collections::{BTreeMap, BTreeSet};

/// The finished outputs by name, not registered yet.
pub type Outputs = BTreeMap<String, PathInfo>;

/// What the checks look at.
pub struct Checked<'a> {
    /// The store with everything else.
    pub store: &'a dyn Store,
    /// The derivation's path.
    pub drv_path: &'a StorePath,
    /// The derivation.
    pub drv: &'a Derivation,
    /// Its options.
    pub options: &'a DrvOptions,
    /// What it made.
    pub outputs: &'a Outputs,
}

impl Checked<'_> {
    /// Applies all checks.
    ///
    /// # Errors
    /// The first that does not hold.
    pub fn check(&self) -> Result<(), BuildFailure> {
        for (name, info) in self.outputs {
            self.check_fixed(name, info)?;
            if let Some(checks) = self.options.checks_for_all.as_ref() {
                self.apply(name, info, checks)?;
            }
            if let Some(checks) = self.options.checks.get(name) {
                self.apply(name, info, checks)?;
            }
        }
        Ok(())
    }

    fn reject(&self, text: String) -> BuildFailure {
        BuildFailure::new(self.drv_path, FailureKind::OutputRejected, text)
    }

    fn show(&self, path: &StorePath) -> String {
        self.store.store_dir().display(path)
    }

    /// A fixed output has the hash it should, and refers to nothing.
    fn check_fixed(&self, name: &str, info: &PathInfo) -> Result<(), BuildFailure> {
        let Some(DerivationOutput::Fixed(wanted)) = self.drv.outputs.get(name) else {
            return Ok(());
        };
        let mismatch =
            |text| Err(BuildFailure::new(self.drv_path, FailureKind::HashMismatch, text));
        let found = info.ca.as_ref().map(|ca| &ca.hash);
        if found != Some(&wanted.hash) {
            return mismatch(format!(
                "hash mismatch in fixed-output derivation '{}':\n  specified: {}\n     got:    {}",
                self.show(self.drv_path),
                wanted.hash.sri(),
                found.map(|hash| hash.sri()).unwrap_or_default()
            ));
        }
        match info.references.first() {
            None => Ok(()),
            Some(first) => mismatch(format!(
                "fixed-output derivations must not reference store paths: '{}' references {} \
                 distinct paths, e.g. '{}'",
                self.show(self.drv_path),
                info.references.len(),
                self.show(first)
            )),
        }
    }

    fn apply(
        &self,
        name: &str,
        info: &PathInfo,
        checks: &OutputChecks,
    ) -> Result<(), BuildFailure> {
        if let Some(max) = checks.max_size.filter(|max| info.nar_size > *max) {
            let path = self.show(&info.path);
            let size = info.nar_size;
            return Err(self.reject(format!(
                "path '{path}' is too large at {size} bytes; limit is {max} bytes"
            )));
        }
        if let Some(max) = checks.max_closure_size {
            let (_, size) = self.closure(&info.path)?;
            if size > max {
                let path = self.show(&info.path);
                return Err(self.reject(format!(
                    "closure of path '{path}' is too large at {size} bytes; limit is {max} bytes"
                )));
            }
        }
        if let Some(allowed) = &checks.allowed_references {
            self.check_refs(name, info, allowed, true, &info.references)?;
        }
        self.check_refs(name, info, &checks.disallowed_references, false, &info.references)?;
        if checks.allowed_requisites.is_some() || !checks.disallowed_requisites.is_empty() {
            let (mut all, _) = self.closure(&info.path)?;
            if checks.ignore_self_refs {
                all.remove(&info.path);
            }
            if let Some(allowed) = &checks.allowed_requisites {
                self.check_refs(name, info, allowed, true, &all)?;
            }
            self.check_refs(name, info, &checks.disallowed_requisites, false, &all)?;
        }
        Ok(())
    }

    fn check_refs(
        &self,
        name: &str,
        info: &PathInfo,
        named: &BTreeSet<AllowedRef>,
        allowed: bool,
        used: &StorePathSet,
    ) -> Result<(), BuildFailure> {
        let mut spec = StorePathSet::new();
        for item in named {
            spec.insert(match item {
                AllowedRef::Path(path) => path.clone(),
                AllowedRef::Output(output) => self.output(name, output)?,
            });
        }
        let bad: Vec<String> = used
            .iter()
            .filter(|path| spec.contains(*path) != allowed)
            .map(|path| format!("\n  {}", self.show(path)))
            .collect();
        if bad.is_empty() {
            return Ok(());
        }
        Err(self.reject(format!(
            "output '{}' is not allowed to refer to the following paths:{}",
            self.show(&info.path),
            bad.concat()
        )))
    }

    fn output(&self, name: &str, wanted: &str) -> Result<StorePath, BuildFailure> {
        self.outputs.get(wanted).map(|info| info.path.clone()).ok_or_else(|| {
            let valid: Vec<&str> = self.outputs.keys().map(String::as_str).collect();
            self.reject(format!(
                "derivation '{}' output check for '{name}' contains output name '{wanted}', but \
                 this is not a valid output of this derivation. (Valid outputs are [{}].)",
                self.show(self.drv_path),
                valid.join(", ")
            ))
        })
    }

    /// The closure of an output, of which some parts are not registered yet, and its size.
    fn closure(&self, start: &StorePath) -> Result<(StorePathSet, u64), BuildFailure> {
        let own = |path: &StorePath| self.outputs.values().find(|info| info.path == *path);
        let mut size = 0;
        let edges = |path: &StorePath| -> StoreResult<StorePathSet> {
            let stored;
            let info = match own(path) {
                Some(info) => info,
                None => {
                    stored = self.store.require_path_info(path)?;
                    &*stored
                }
            };
            size += info.nar_size;
            Ok(info.references.clone())
        };
        let all = firn_store::closure_with(&StorePathSet::from([start.clone()]), edges)
            .map_err(|e| BuildFailure::store(self.drv_path, &e))?;
        Ok((all, size))
    }
}
