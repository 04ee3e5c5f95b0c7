//! Builtins that need a store, one file per family.

mod attributes;
mod derivation;
mod fetch;
mod made;
mod outputs;
mod sources;
mod store_paths;

use std::rc::Rc;

pub use fetch::Downloads;
use firn_eval::{ErrorKind, Machine, Pos, PrimTable, R};

use crate::host::StoreHost;

/// The tables of this crate, for [`Machine::new`].
pub const TABLES: &[PrimTable] =
    &[derivation::TABLE, fetch::TABLE, sources::TABLE, store_paths::TABLE];

/// Runs `work` with the machine's host, which has to be a [`StoreHost`].
///
/// # Errors
/// The machine has another host.
pub(crate) fn host(m: &mut Machine, pos: Pos) -> R<HostHandle> {
    let host = m.host();
    if host.as_any().is::<StoreHost>() {
        return Ok(HostHandle(host));
    }
    Err(m.fail(ErrorKind::Outside, pos, "this evaluation has no store"))
}

/// A [`StoreHost`] behind the machine's host. Invariant: the downcast succeeds.
pub(crate) struct HostHandle(Rc<dyn firn_eval::Host>);

impl std::ops::Deref for HostHandle {
    type Target = StoreHost;

    fn deref(&self) -> &StoreHost {
        match self.0.as_any().downcast_ref() {
            Some(host) => host,
            None => unreachable!("checked when the handle was made"),
        }
    }
}

/// Raises a message as an error of evaluation.
pub(crate) fn failed<T>(
    m: &mut Machine,
    pos: Pos,
    result: Result<T, impl std::fmt::Display>,
) -> R<T> {
    result.map_err(|error| m.fail(ErrorKind::Eval, pos, error.to_string()))
}
