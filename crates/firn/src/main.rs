//! The program: one file per command; the only crate that prints and reads the process environment.
//!
//! Reading order: [`program`] (which program this was called as), [`cli`] (the command line of
//! `firn` itself), [`commands`] (one file each), [`exit`] (errors and exit statuses).

mod arguments;
mod base;
mod building;
mod cli;
mod commands;
mod context;
mod environment;
mod evaluation;
mod exit;
mod installable;
mod interrupt;
mod own_program;
mod program;
mod progress;
mod store_paths;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    match program::run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
