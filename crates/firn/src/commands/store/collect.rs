//! `firn store gc`, `delete` and `optimise`.

use std::process::ExitCode;

use clap::Args;
use firn_store::Store;
use firn_store_disk::{GcAction, GcOptions, OptimiseStats};

use crate::commands::collection;
use crate::context::Context;
use crate::exit::Failure;
use crate::store_paths;

/// How much to delete.
#[derive(Args)]
pub struct GcArguments {
    /// Say what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// Stop after so many bytes; K, M, G and T may follow
    #[arg(long, value_name = "BYTES", value_parser = collection::parse_size)]
    max: Option<u64>,
}

/// What to delete.
#[derive(Args)]
pub struct DeleteArguments {
    /// The store paths
    #[arg(required = true)]
    paths: Vec<String>,
    /// Delete even what roots need
    #[arg(long)]
    ignore_liveness: bool,
}

/// Nothing to say.
#[derive(Args)]
pub struct OptimiseArguments {}

/// Collects garbage.
pub fn gc(arguments: &GcArguments, context: &Context) -> Result<ExitCode, Failure> {
    let action = if arguments.dry_run { GcAction::ReturnDead } else { GcAction::DeleteDead };
    let options = GcOptions {
        action,
        max_freed: arguments.max.unwrap_or(u64::MAX),
        ..collection::options(context)
    };
    let report = collection::run(context, &options)?;
    if arguments.dry_run {
        report.paths.iter().for_each(|path| println!("{path}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes paths.
pub fn delete(arguments: &DeleteArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.local_store()?;
    let paths = arguments.paths.iter().map(|text| store_paths::of(store.store_dir(), text));
    let options = GcOptions {
        action: GcAction::DeleteSpecific,
        paths: Some(paths.collect::<Result<_, _>>()?),
        ignore_liveness: arguments.ignore_liveness,
        ..collection::options(context)
    };
    collection::run(context, &options)?;
    Ok(ExitCode::SUCCESS)
}

/// Links equal files.
pub fn optimise(context: &Context) -> Result<ExitCode, Failure> {
    let store = context.local_store()?;
    let mut all = OptimiseStats::default();
    for path in store.all_valid()? {
        store.add_temp_root(&path)?;
        if store.is_valid(&path)? {
            let one = store.optimise(&path)?;
            all.files_linked += one.files_linked;
            all.bytes_freed += one.bytes_freed;
        }
    }
    eprintln!(
        "{} freed by hard-linking {} files",
        collection::render_size(all.bytes_freed as i64),
        all.files_linked
    );
    Ok(ExitCode::SUCCESS)
}
