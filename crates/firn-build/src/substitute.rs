//! Getting finished paths from elsewhere.

use firn_events::Reporter;
use firn_formats::StorePath;
use firn_store::{Realisation, Store, StoreResult};

/// Where finished paths may come from: binary caches, other stores.
pub trait Substituter: Send + Sync {
    /// Makes `path` and all it refers to valid in `store`, if it can. Takes the locks of the paths
    /// it writes.
    ///
    /// # Errors
    /// When a source has the path but it could not be copied.
    fn substitute(
        &self,
        path: &StorePath,
        store: &dyn Store,
        reporter: &Reporter,
    ) -> StoreResult<bool>;

    /// What a source knows about an output of a content-addressing derivation.
    ///
    /// # Errors
    /// When the sources could not be asked.
    fn realisation(&self, _drv: &StorePath, _output: &str) -> StoreResult<Option<Realisation>> {
        Ok(None)
    }
}

/// Has nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSubstituter;

impl Substituter for NoSubstituter {
    fn substitute(&self, _: &StorePath, _: &dyn Store, _: &Reporter) -> StoreResult<bool> {
        Ok(false)
    }
}
