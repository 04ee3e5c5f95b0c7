//! `nix-collect-garbage`: old generations go, then everything that no root needs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;

use super::collection;
use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;

/// Delete unreachable store paths
#[derive(Parser)]
#[command(name = "nix-collect-garbage", version)]
struct Arguments {
    /// Delete all old generations of profiles first
    #[arg(short, long)]
    delete_old: bool,
    /// Delete generations of profiles older than this, such as 30d
    #[arg(long, value_name = "AGE")]
    delete_older_than: Option<String>,
    /// Say what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// Stop after so many bytes; K, M, G and T may follow
    #[arg(long, value_name = "BYTES", value_parser = collection::parse_size)]
    max_freed: Option<u64>,
    #[command(flatten)]
    global: GlobalArguments,
}

/// Runs `nix-collect-garbage` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return crate::exit::usage(&error),
    };
    let context = Context::new(&arguments.global)?;
    let age = arguments.delete_older_than.as_deref().map(parse_age).transpose()?;
    if arguments.delete_old || age.is_some() {
        let oldest = age.map(|age| SystemTime::now().checked_sub(age));
        let state = context.local_store()?.layout().state.clone();
        let user = context.environment.home.join(".local/state/nix/profiles");
        for folder in [state.join("profiles"), user] {
            delete_generations(&folder, oldest.flatten(), arguments.dry_run)?;
        }
    }
    let max_freed = arguments.max_freed.unwrap_or(u64::MAX);
    collection::collect_dead(&context, max_freed, arguments.dry_run)?;
    Ok(ExitCode::SUCCESS)
}

/// An age such as `30d`.
fn parse_age(text: &str) -> Result<Duration, Failure> {
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    match days {
        Some(days) => Ok(Duration::from_secs(days.saturating_mul(86_400))),
        None => Err(Failure::new(format!(
            "error: invalid age '{text}': it must be a number of days followed by 'd', such as 30d"
        ))),
    }
}

/// Deletes generations of all profiles below a folder, but those in use. With `oldest`, the
/// newest generation before that time stays: it was in use then.
fn delete_generations(
    folder: &Path,
    oldest: Option<SystemTime>,
    dry_run: bool,
) -> Result<(), Failure> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    for path in &entries {
        let Ok(meta) = std::fs::symlink_metadata(path) else { continue };
        if meta.is_dir() {
            delete_generations(path, oldest, dry_run)?;
        } else if meta.is_symlink() {
            delete_of_profile(path, &entries, oldest, dry_run)?;
        }
    }
    Ok(())
}

fn delete_of_profile(
    profile: &Path,
    entries: &[PathBuf],
    oldest: Option<SystemTime>,
    dry_run: bool,
) -> Result<(), Failure> {
    let Ok(target) = std::fs::read_link(profile) else { return Ok(()) };
    let name = profile.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let number = |path: &Path| -> Option<u64> {
        let file = path.file_name()?.to_str()?;
        file.strip_prefix(&name)?.strip_prefix('-')?.strip_suffix("-link")?.parse().ok()
    };
    let Some(current) = number(&target) else { return Ok(()) };
    let mut generations: Vec<(u64, &PathBuf)> =
        entries.iter().filter_map(|path| Some((number(path)?, path))).collect();
    generations.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
    let mut was_in_use = false;
    for (number, path) in generations {
        let made = std::fs::symlink_metadata(path).and_then(|meta| meta.modified()).ok();
        let young = oldest.is_some_and(|oldest| made.is_none_or(|made| made >= oldest));
        // The first one that is old enough was the active one at that time.
        let keep = young || (oldest.is_some() && !std::mem::replace(&mut was_in_use, true));
        if keep || number == current {
            continue;
        }
        if dry_run {
            eprintln!("would remove profile version {number} of '{}'", profile.display());
            continue;
        }
        eprintln!("removing profile version {number} of '{}'", profile.display());
        std::fs::remove_file(path)
            .map_err(|e| Failure::new(format!("error: cannot delete '{}': {e}", path.display())))?;
    }
    Ok(())
}
