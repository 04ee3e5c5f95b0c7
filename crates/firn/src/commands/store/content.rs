//! `firn store cat`, `ls` and `dump-path`: looking into store paths.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Args;
use firn_formats::nar;
use firn_store::Store;

use crate::arguments::PathsArguments;
use crate::commands::listing::{self, ListOptions};
use crate::context::Context;
use crate::exit::Failure;

/// Which file to print.
#[derive(Args)]
pub struct CatArguments {
    /// The file's path in the store
    path: String,
}

/// What to list.
#[derive(Args)]
pub struct LsArguments {
    /// The path in the store
    path: String,
    #[command(flatten)]
    options: ListOptions,
}

/// What to dump.
#[derive(Args)]
pub struct DumpArguments {
    #[command(flatten)]
    paths: PathsArguments,
}

/// Prints a file.
pub fn cat(arguments: &CatArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let (path, inner) = store.store_dir().split(&arguments.path)?;
    let data = store.read_file(&path, &inner)?;
    std::io::stdout().write_all(&data)?;
    Ok(ExitCode::SUCCESS)
}

/// Lists a folder or file.
pub fn ls(arguments: &LsArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let (path, inner) = store.store_dir().split(&arguments.path)?;
    let tree = tree(&*store, &path)?;
    let Some(node) = tree.get(&inner) else {
        return Err(Failure::new(format!("error: path '{}' does not exist", arguments.path)));
    };
    listing::print(node, &arguments.path, &arguments.options, false)?;
    Ok(ExitCode::SUCCESS)
}

fn tree(store: &dyn Store, path: &firn_formats::StorePath) -> Result<nar::NarNode, Failure> {
    let mut archive = Vec::new();
    store.write_nar(path, &mut archive)?;
    Ok(nar::list(archive.as_slice())?)
}

/// Writes the archive of a path to standard output.
pub fn dump(arguments: &DumpArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let paths = arguments.paths.paths(context)?;
    context.display.finish();
    let (Some(path), 1) = (paths.first(), paths.len()) else {
        return Err(Failure::new(format!("error: this takes one store path, not {}", paths.len())));
    };
    let mut out = BufWriter::with_capacity(256 * 1024, std::io::stdout().lock());
    store.write_nar(path, &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
