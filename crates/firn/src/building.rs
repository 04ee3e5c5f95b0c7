//! Putting the builder together: store, sandbox helper, builtin builders.

use std::sync::Arc;

use firn_store::{NoRealise, Realise};
use firn_store_disk::LocalStore;

use crate::context::Context;
use crate::exit::Failure;

/// Who builds into a store on disk.
pub fn realiser(_context: &Context, _store: Arc<LocalStore>) -> Result<Arc<dyn Realise>, Failure> {
    Ok(Arc::new(NoRealise))
}
