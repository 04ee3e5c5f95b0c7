//! Collecting garbage, as several commands do.

use firn_store_disk::{GcAction, GcOptions, GcReport};

use crate::context::Context;
use crate::exit::Failure;

/// Options of a collection as the settings say.
pub fn options(context: &Context) -> GcOptions {
    GcOptions {
        keep_outputs: context.settings.flag("keep-outputs"),
        keep_derivations: context.settings.flag("keep-derivations"),
        ..GcOptions::default()
    }
}

/// Collects what no root needs, at most `max_freed` bytes of it; with `dry_run` only says what would go.
///
/// # Errors
/// A store that can't be opened, read or written.
pub fn collect_dead(context: &Context, max_freed: u64, dry_run: bool) -> Result<(), Failure> {
    let action = if dry_run { GcAction::ReturnDead } else { GcAction::DeleteDead };
    let report = run(context, &GcOptions { action, max_freed, ..options(context) })?;
    if dry_run {
        report.paths.iter().for_each(|path| eprintln!("would delete '{path}'"));
        println!("{} store paths would be deleted", report.paths.len());
    }
    Ok(())
}

/// Collects, reporting on standard error; what was freed goes to standard output.
pub fn run(context: &Context, options: &GcOptions) -> Result<GcReport, Failure> {
    let store = context.local_store()?;
    let deletes = matches!(options.action, GcAction::DeleteDead | GcAction::DeleteSpecific);
    eprintln!("finding garbage collector roots...");
    let report = store.collect_garbage(options, &mut |path| eprintln!("deleting '{path}'"))?;
    if deletes {
        eprintln!(
            "note: hard linking is currently saving {}",
            render_size(report.bytes_saved_by_links)
        );
        println!(
            "{} store paths deleted, {} freed",
            report.paths.len(),
            render_size(i64::try_from(report.bytes_freed).unwrap_or(i64::MAX))
        );
    }
    Ok(report)
}

/// A size for people, in powers of 1024 and never below KiB.
pub fn render_size(bytes: i64) -> String {
    let mut value = bytes as f64 / 1024.0;
    for unit in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
        if value.abs() < 1024.0 {
            return format!("{value:.1} {unit}");
        }
        value /= 1024.0;
    }
    format!("{value:.1} EiB")
}

/// A number of bytes with an optional suffix K, M, G or T.
pub fn parse_size(text: &str) -> Result<u64, String> {
    firn_settings::declared::parse_number(text).ok_or_else(|| format!("'{text}' is no size"))
}
