//! `firn flake prefetch`: fetch a flake's source tree into the store.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::FlakeArguments;
use crate::arguments::{GlobalArguments, JsonArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;

/// What to fetch.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    json: JsonArguments,
    /// Make a link to the tree that keeps it
    #[arg(short, long, value_name = "PATH")]
    out_link: Option<PathBuf>,
    #[command(flatten)]
    flake: FlakeArguments,
}

/// Fetches.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let original = arguments.flake.reference(&context)?;
    let flakes = arguments.flake.locking.flakes(&context)?;
    let resolved = flakes.registries().resolve(&original, false).map_err(input_failure)?;
    let _deadline = interrupt::deadline();
    let fetched = flakes.fetch(&resolved.input).map_err(input_failure)?;
    let mut locked = resolved.clone();
    locked.input = fetched.input;
    let store = context.store()?;
    let path = store.store_dir().display(&fetched.store_path);
    let hash = store.require_path_info(&fetched.store_path)?.nar_hash.sri();
    context.display.finish();
    if let Some(link) = &arguments.out_link {
        store.add_perm_root(&fetched.store_path, &std::path::absolute(link)?)?;
    }
    if arguments.json.wanted {
        let mut json = json!({
            "hash": hash,
            "locked": locked.to_attrs().to_json(),
            "original": resolved.to_attrs().to_json(),
            "storePath": path,
        });
        if matches!(locked.input.kind(), "path" | "git")
            && let Some(attrs) = json["locked"].as_object_mut()
        {
            // The reference has it only where it is what locks.
            attrs.shift_remove("narHash");
        }
        arguments.json.print(&json);
    } else {
        eprintln!("Downloaded '{locked}' to '{path}' (hash '{hash}').");
    }
    Ok(ExitCode::SUCCESS)
}
