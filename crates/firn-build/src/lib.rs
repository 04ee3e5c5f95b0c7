//! Building derivations: goals, scheduling, substitution and builtin builders.
//!
//! [`Builder`] makes derived paths valid in a local store. Asked for some paths it plans goals
//! ([`goals`]), one for each derivation that is not built yet; substitutes what it can; and builds
//! the rest, each build on a thread of its own and in a sandbox ([`build`]), as many at once as the
//! options say. It follows the manual's chapter "Building" and the behaviour of the reference for
//! everything a builder can see: environment, files, user, and what is checked of its outputs.
//!
//! The program that uses this crate must call [`sandbox_helper`] when it is started with the
//! argument `__sandbox`.

mod attrs;
mod build;
mod builtins;
mod cancel;
mod checks;
mod copy;
mod drv_options;
mod env;
mod failure;
mod goals;
mod hook;
mod ids;
mod interactive;
mod log;
mod options;
mod outputs;
mod references;
mod resolve;
mod run;
mod sandbox;
mod scratch;
mod shell;
mod substitute;
mod sweeper;

pub use builtins::{BuildEnv, Lacking, sandbox_helper};
pub use cancel::Cancel;
pub use drv_options::{DrvOptions, OutputChecks};
pub use failure::{BuildFailure, BuildFailures, DISK_FULL, FailureKind};
pub use goals::Builder;
pub use hook::PostBuildHook;
pub use interactive::INTERACTIVE_FOLDER;
pub use log::{log_path, open_log};
pub use options::{BuildOptions, SandboxMode, SandboxPath};
pub use shell::ShellCommand;
pub use substitute::{NoSubstituter, Substituter};
