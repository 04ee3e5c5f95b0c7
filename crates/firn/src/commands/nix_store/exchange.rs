//! `nix-store --export` and `--import`.

use std::io::{BufReader, BufWriter, Write};
use std::process::ExitCode;

use firn_store::{exchange, topological};

use super::arguments::Arguments;
use crate::context::Context;
use crate::exit::Failure;

/// Writes paths with what is known of them, each after what it refers to.
pub fn export(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let paths = topological(&*store, &arguments.path_set(&*store)?)?;
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    exchange::export(&*store, &paths, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Reads what [`export`] wrote and prints the paths.
pub fn import(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let [] = arguments.exactly("no arguments")?;
    let store = context.store()?;
    let mut input = BufReader::with_capacity(256 * 1024, std::io::stdin().lock());
    for path in exchange::import(&*store, &mut input)? {
        println!("{}", store.store_dir().display(&path));
    }
    Ok(ExitCode::SUCCESS)
}
