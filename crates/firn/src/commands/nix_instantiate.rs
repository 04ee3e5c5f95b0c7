//! `nix-instantiate`: evaluate, parse or instantiate expressions.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::exit::Failure;

/// Runs `nix-instantiate` with the process's arguments.
pub fn main(_arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    Err(Failure::new("error: nix-instantiate is not there yet"))
}
