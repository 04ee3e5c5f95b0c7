//! Putting the builder together: store, sandbox helper, builtin builders.

use std::sync::Arc;

use firn_formats::DerivedPath;
use firn_store::{BuildMode, NoRealise, Realise, Realised, Store, StoreError, StoreResult};
use firn_store_disk::LocalStore;

use crate::context::Context;
use crate::exit::Failure;

/// Who builds into a store on disk.
pub fn realiser(_context: &Context, _store: Arc<LocalStore>) -> Result<Arc<dyn Realise>, Failure> {
    Ok(Arc::new(NoRealise))
}

/// A failed build as the program's failure.
pub fn failure(error: StoreError) -> Failure {
    Failure::new(format!("error: {error}"))
}

/// Builds what is missing, then builds again what was there, and compares.
pub fn rebuild(
    realiser: &dyn Realise,
    store: &dyn Store,
    wanted: &[DerivedPath],
) -> StoreResult<Vec<Realised>> {
    let mut present = Vec::new();
    for path in wanted {
        if is_built(store, path)? {
            present.push(path.clone());
        }
    }
    realiser.realise(wanted, BuildMode::Normal)?;
    realiser.realise(&present, BuildMode::Check)
}

fn is_built(store: &dyn Store, path: &DerivedPath) -> StoreResult<bool> {
    for output in store.derivation_outputs(path.base())?.into_values() {
        match output {
            Some(output) if store.is_valid(&output)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
