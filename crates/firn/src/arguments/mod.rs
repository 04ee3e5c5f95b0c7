//! Groups of arguments that several commands share.

mod evaluation;
mod global;
mod locking;
mod program;

pub use evaluation::EvaluationArguments;
pub use global::{GlobalArguments, flags_of};
pub use locking::{LockingArguments, input_path};
pub use program::EnvironmentArguments;
