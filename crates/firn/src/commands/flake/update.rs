//! `firn flake update`: lock inputs anew.

use std::process::ExitCode;

use clap::Args;
use firn_flake::locked::lock_flake;

use super::reference;
use crate::arguments::{EvaluationArguments, GlobalArguments, LockingArguments, input_path};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;

/// Which inputs of which flake.
#[derive(Args)]
pub struct Arguments {
    /// The inputs; all when none is named
    inputs: Vec<String>,
    /// The flake
    #[arg(long, default_value = ".")]
    flake: String,
    #[command(flatten)]
    locking: LockingArguments,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

/// Updates.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut request = arguments.locking.request_to_write(&context)?;
    // As with the reference: `flake lock` insists on its lock file, this says why there is none.
    request.must_write = false;
    request.options.recreate |= arguments.inputs.is_empty();
    for input in &arguments.inputs {
        // What this says of an empty path is the reference's.
        let empty = "input path to be updated cannot be zero-length";
        let path = input_path(input, empty).map_err(|error| match input.is_empty() {
            true => Failure::new(format!(
                "error: {empty}; it would refer to the flake itself, not an input"
            )),
            false => error,
        })?;
        request.options.updates.insert(path);
    }
    lock_flake(
        &*arguments.locking.flakes(&context)?,
        &reference(&context, &arguments.flake)?,
        &request,
    )
    .map_err(input_failure)?;
    Ok(ExitCode::SUCCESS)
}
