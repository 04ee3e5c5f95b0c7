//! `nix-store --gc`, `--delete` and `--optimise`.

use std::process::ExitCode;

use firn_store_disk::{GcAction, GcOptions};

use super::arguments::Arguments;
use crate::commands::{collection, store};
use crate::context::Context;
use crate::exit::Failure;

/// Collects garbage, or prints what would be kept or go.
pub fn gc(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    if arguments.print_roots {
        let store = context.local_store()?;
        for (target, links) in store.roots()? {
            let target = store.layout().store_dir.display(&target);
            links.iter().for_each(|link| println!("{} -> {target}", place(link)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let action = match arguments {
        Arguments { print_live: true, .. } => GcAction::ReturnLive,
        Arguments { print_dead: true, .. } => GcAction::ReturnDead,
        _ => GcAction::DeleteDead,
    };
    let options = GcOptions {
        action,
        max_freed: arguments.max_freed.unwrap_or(u64::MAX),
        ..collection::options(context)
    };
    let report = collection::run(context, &options)?;
    if action != GcAction::DeleteDead {
        report.paths.iter().for_each(|path| println!("{path}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// A link in quotes, as the reference prints it; what is no link stands in braces.
fn place(link: &str) -> String {
    if link.starts_with('{') { link.to_owned() } else { format!("\"{link}\"") }
}

/// Deletes paths that nothing needs.
pub fn delete(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let options = GcOptions {
        action: GcAction::DeleteSpecific,
        paths: Some(arguments.path_set(&*store)?),
        ignore_liveness: arguments.ignore_liveness,
        ..collection::options(context)
    };
    collection::run(context, &options)?;
    Ok(ExitCode::SUCCESS)
}

/// Links equal files.
pub fn optimise(_arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    store::optimise(context)
}
