//! `firn completion SHELL`: the completion script for a shell, on standard output.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Failure;

/// Which shell to complete for.
#[derive(Args)]
pub struct Arguments {
    /// The shell whose script is wanted
    shell: Shell,
}

/// Prints the script.
pub fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "firn", &mut script);
    print!("{}", String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
