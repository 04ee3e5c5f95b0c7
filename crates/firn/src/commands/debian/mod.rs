//! `firn debian …`: the packages that the distribution is made of.

pub mod lock;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::arguments::GlobalArguments;
use crate::exit::Failure;

/// Which sub-command.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The sub-commands; each is a file beside this one.
#[derive(Subcommand)]
enum Command {
    /// Resolve the list of wanted Debian packages and write the lock file
    Lock(lock::Arguments),
}

/// Runs the sub-command.
pub fn run(arguments: Arguments, _global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match arguments.command {
        Command::Lock(arguments) => lock::run(arguments),
    }
}
