//! `firn flake lock`: bring the lock file up to date.

use std::process::ExitCode;

use firn_flake::locked::lock_flake;

use super::FlakeArguments;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;

/// Locks.
pub fn run(arguments: FlakeArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let request = arguments.locking.request_to_write(&context)?;
    lock_flake(&*arguments.locking.flakes(&context)?, &arguments.reference(&context)?, &request)
        .map_err(input_failure)?;
    Ok(ExitCode::SUCCESS)
}
