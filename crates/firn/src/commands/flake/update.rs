//! `firn flake update`: lock inputs anew.

use std::process::ExitCode;

use clap::Args;
use firn_flake::locked::lock_flake;

use super::reference;
use crate::arguments::{GlobalArguments, LockingArguments, input_path};
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
}

/// Updates.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut request = arguments.locking.request(&context.current_folder()?, false)?;
    request.options.recreate |= arguments.inputs.is_empty();
    for input in &arguments.inputs {
        request.options.updates.insert(input_path(input)?);
    }
    lock_flake(&*context.flakes()?, &reference(&context, &arguments.flake)?, &request)
        .map_err(input_failure)?;
    Ok(ExitCode::SUCCESS)
}
