//! Groups of arguments that several commands share.

mod evaluation;
mod global;
mod locking;

pub use evaluation::EvaluationArguments;
pub use global::GlobalArguments;
pub use locking::{LockingArguments, input_path};
