//! `firn store gc`, `delete` and `optimise`.

use std::process::ExitCode;

use clap::Args;
use firn_store::{Store, closure_with};
use firn_store_disk::{GcAction, GcOptions, OptimiseStats};

use crate::arguments::PathsArguments;
use crate::commands::collection;
use crate::context::Context;
use crate::exit::Failure;

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
    #[command(flatten)]
    paths: PathsArguments,
    /// Delete even what roots need
    #[arg(long)]
    ignore_liveness: bool,
    /// Leave what roots need instead of failing, as for --recursive
    #[arg(long, visible_alias = "skip-live")]
    skip_alive: bool,
    /// Delete what refers to the paths too
    #[arg(long)]
    also_referrers: bool,
}

/// Nothing to say.
#[derive(Args)]
pub struct OptimiseArguments {}

/// Collects garbage.
pub fn gc(arguments: &GcArguments, context: &Context) -> Result<ExitCode, Failure> {
    collection::collect_dead(context, arguments.max.unwrap_or(u64::MAX), arguments.dry_run)?;
    Ok(ExitCode::SUCCESS)
}

/// Deletes paths.
pub fn delete(arguments: &DeleteArguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let mut paths = arguments.paths.paths(context)?;
    if arguments.also_referrers {
        paths = closure_with(&paths, |path| store.referrers(path))?;
    }
    let options = GcOptions {
        action: if arguments.skip_alive { GcAction::DeleteDead } else { GcAction::DeleteSpecific },
        paths: Some(paths),
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
