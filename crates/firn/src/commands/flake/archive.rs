//! `firn flake archive`: fetch a flake and all its inputs into the store.

use std::process::ExitCode;

use clap::Args;
use firn_flake::flakes::Flakes;
use firn_flake::lock::{Edge, LockFile, NodeIndex};
use firn_formats::StorePathSet;
use firn_store::Store;
use serde_json::{Map, Value, json};

use super::FlakeArguments;
use crate::arguments::{GlobalArguments, JsonArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;

/// Which flake.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    json: JsonArguments,
    /// Print where the trees would be, and fetch nothing
    #[arg(long)]
    dry_run: bool,
    /// Copy the trees to this store too
    #[arg(long, value_name = "STORE")]
    to: Option<String>,
    #[command(flatten)]
    flake: FlakeArguments,
}

/// Fetches.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let (flakes, locked) = arguments.flake.lock(&context)?;
    let lock = &locked.locking.lock;
    let _deadline = interrupt::deadline();
    let inputs = inputs(&flakes, lock, LockFile::ROOT, arguments.dry_run)?;
    if let Some(to) = arguments.to.as_deref().filter(|_| !arguments.dry_run) {
        let mut paths = StorePathSet::from([locked.flake.folder.tree.clone()]);
        collect(&*flakes.fetcher().store, &inputs, &mut paths)?;
        crate::eval_store::copy(&*flakes.fetcher().store, &context.local_store_at(to)?, &paths)?;
    }
    context.display.finish();
    if arguments.json.wanted {
        let path = flakes.fetcher().store.store_dir().display(&locked.flake.folder.tree);
        arguments.json.print(&json!({ "inputs": inputs, "path": path }));
    }
    Ok(ExitCode::SUCCESS)
}

/// Fetches the inputs of a node and those below. What lies in the tree of another has no path.
fn inputs(
    flakes: &Flakes,
    lock: &LockFile,
    node: NodeIndex,
    dry_run: bool,
) -> Result<Value, Failure> {
    let mut json = Map::new();
    for (name, edge) in &lock.nodes[node].inputs {
        let Edge::Node(child) = edge else { continue };
        let Some(locked) = &lock.nodes[*child].locked else { continue };
        let mut entry = Map::new();
        entry.insert("inputs".to_owned(), inputs(flakes, lock, *child, dry_run)?);
        let input = &locked.locked.input;
        if input.relative_path().is_none() {
            let hash = input.nar_hash().filter(|_| dry_run).map(firn_formats::Hash::parse_sri);
            let path = match hash.transpose()? {
                Some(hash) => flakes.fetcher().path_of(&hash, "source"),
                None => flakes.fetch(input).map(|fetched| fetched.store_path),
            };
            let path = flakes.fetcher().store.store_dir().display(&path.map_err(input_failure)?);
            entry.insert("path".to_owned(), path.into());
        }
        json.insert(name.clone(), entry.into());
    }
    Ok(json.into())
}

/// The paths that the JSON of inputs holds.
fn collect(store: &dyn Store, inputs: &Value, paths: &mut StorePathSet) -> Result<(), Failure> {
    for input in inputs.as_object().into_iter().flat_map(Map::values) {
        if let Some(path) = input["path"].as_str() {
            paths.insert(store.store_dir().parse(path)?);
        }
        collect(store, &input["inputs"], paths)?;
    }
    Ok(())
}
