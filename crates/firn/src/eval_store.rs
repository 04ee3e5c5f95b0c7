//! Evaluating into another store than the one that is built into (`--eval-store`): derivations and sources
//! are copied to where they are built.

use std::sync::Arc;

use firn_formats::{DerivedPath, StorePathSet};
use firn_store::{AddOptions, BuildMode, Realise, Realised, Store, StoreResult};

/// Builds what was evaluated into another store.
pub struct CopyThenRealise {
    /// Where derivations are.
    pub evaluated: Arc<dyn Store>,
    /// Where they are built.
    pub built: Arc<dyn Store>,
    /// Who builds.
    pub inner: Arc<dyn Realise>,
    /// Evaluation reads what is built.
    pub read_by_evaluation: bool,
}

impl Realise for CopyThenRealise {
    fn realise(&self, wanted: &[DerivedPath], mode: BuildMode) -> StoreResult<Vec<Realised>> {
        let mut bases = StorePathSet::new();
        for path in wanted.iter().map(DerivedPath::base) {
            if self.evaluated.is_valid(path)? {
                bases.insert(path.clone());
            }
        }
        copy(&*self.evaluated, &*self.built, &bases)?;
        let realised = self.inner.realise(wanted, mode)?;
        if self.read_by_evaluation {
            let outputs = realised.iter().flat_map(|one| one.outputs.values().cloned());
            copy(&*self.built, &*self.evaluated, &outputs.collect())?;
        }
        Ok(realised)
    }
}

/// Copies paths, with what they refer to, to another store.
///
/// # Errors
/// A path is not valid, or can't be read or added.
pub fn copy(from: &dyn Store, to: &dyn Store, paths: &StorePathSet) -> StoreResult<()> {
    let closure = firn_store::closure(from, paths)?;
    // Each after what it refers to.
    for path in &firn_store::topological(from, &closure)? {
        if !to.is_valid(path)? {
            let info = from.require_path_info(path)?;
            let mut nar = Vec::new();
            from.write_nar(path, &mut nar)?;
            to.add_nar(&info, &mut nar.as_slice(), AddOptions::default())?;
        }
    }
    Ok(())
}
