//! `firn flake lock`: bring the lock file up to date.

use std::process::ExitCode;

use clap::Args;
use firn_flake::locked::lock_flake;

use super::reference;
use crate::arguments::{EvaluationArguments, GlobalArguments, LockingArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;

/// Which flake.
#[derive(Args)]
pub struct Arguments {
    /// The flake
    #[arg(default_value = ".")]
    flake: String,
    #[command(flatten)]
    locking: LockingArguments,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

/// Locks.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let request = arguments.locking.request_to_write(&context)?;
    lock_flake(
        &*arguments.locking.flakes(&context)?,
        &reference(&context, &arguments.flake)?,
        &request,
    )
    .map_err(input_failure)?;
    Ok(ExitCode::SUCCESS)
}
