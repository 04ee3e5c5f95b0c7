//! Groups of arguments that several commands share.

mod evaluation;
mod global;
mod json;
mod locking;
mod paths;
mod profile;
mod program;

pub use evaluation::EvaluationArguments;
pub use global::{GlobalArguments, flags_of};
pub use json::{JsonArguments, PrettyArguments};
pub use locking::{LockingArguments, input_path};
pub use paths::PathsArguments;
pub use profile::ProfileArguments;
pub use program::EnvironmentArguments;
