//! `nix-store`: one operation on the store.
//!
//! Reading order: the operations as [`Operation`], then one file for each group.

mod arguments;
mod exchange;
mod files;
mod garbage;
mod query;
mod realise;
mod register;
mod tree;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::{Arguments, Operation};

use crate::context::Context;
use crate::exit::Failure;

/// What an operation looks like.
type Run = fn(&Arguments, &Context) -> Result<ExitCode, Failure>;

/// Runs `nix-store` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let mut arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return crate::exit::usage(&error),
    };
    let operation = arguments.operation()?;
    arguments.global.verbosity.raw_logs = !arguments.no_build_output;
    let context = Context::new(&arguments.global)?;
    implementation(operation)(&arguments, &context)
}

fn implementation(operation: Operation) -> Run {
    match operation {
        Operation::Realise => realise::run,
        Operation::Query => query::run,
        Operation::Add => files::add,
        Operation::AddFixed => files::add_fixed,
        Operation::PrintFixedPath => files::print_fixed_path,
        Operation::Dump => files::dump,
        Operation::Restore => files::restore,
        Operation::Export => exchange::export,
        Operation::Import => exchange::import,
        Operation::Gc => garbage::gc,
        Operation::Delete => garbage::delete,
        Operation::Optimise => garbage::optimise,
        Operation::Verify => register::verify,
        Operation::VerifyPath => register::verify_path,
        Operation::RepairPath => register::repair_path,
        Operation::CheckValidity => register::check_validity,
        Operation::RegisterValidity => register::register_validity,
        Operation::LoadDb => register::load_db,
        Operation::DumpDb => register::dump_db,
        Operation::ReadLog => query::read_log,
        Operation::PrintEnv => query::print_env,
        Operation::Init => register::init,
        Operation::GenerateKey => files::generate_key,
    }
}
