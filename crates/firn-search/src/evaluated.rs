//! Evaluating what nobody asked for by name.

use firn_eval::{Machine, R};

/// The result of something that may fail without anybody being told.
pub(crate) fn attempt<T>(m: &mut Machine, result: R<T>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(raised) => {
            drop(m.take_error(raised));
            None
        }
    }
}
