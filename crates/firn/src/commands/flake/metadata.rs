//! `firn flake metadata`: where a flake and its inputs come from.

use std::process::ExitCode;

use clap::Args;
use firn_flake::date;
use firn_flake::flakes::Flakes;
use firn_flake::lock::{Edge, LockFile, NodeIndex};
use firn_flake::locked::{LockedFlake, lock_flake};
use firn_flake::reference::FlakeRef;
use serde_json::{Map, Value};

use super::reference;
use crate::arguments::{GlobalArguments, LockingArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;

/// Which flake, and how it is shown.
#[derive(Args)]
pub struct Arguments {
    /// The flake
    #[arg(default_value = ".")]
    flake: String,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    locking: LockingArguments,
}

/// Shows.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let request = arguments.locking.request(&context.current_folder()?, false)?;
    let original = reference(&context, &arguments.flake)?;
    let flakes = context.flakes()?;
    let locked = lock_flake(&flakes, &original, &request).map_err(input_failure)?;
    context.display.finish();
    if arguments.json {
        println!("{}", json(&flakes, &original, &locked));
    } else {
        print!("{}", text(&flakes, &locked));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(flakes: &Flakes, locked: &LockedFlake) -> String {
    let flake = &locked.flake;
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push(format!("{name:<14}{value}"));
    line("Resolved URL:", flake.resolved.to_string());
    line("Locked URL:", flake.locked.to_string());
    if let Some(description) = &flake.file.description {
        line("Description:", description.clone());
    }
    line(
        "Path:",
        flakes.logical_path(&firn_flake::locking::SourceFolder {
            subdir: String::new(),
            ..flake.folder.clone()
        }),
    );
    if let Some(rev) = flake.locked.input.rev() {
        line("Revision:", rev.to_owned());
    }
    if let Ok(Some(count)) = flake.locked.input.attrs().int("revCount") {
        line("Revisions:", count.to_string());
    }
    if let Some(time) = flake.locked.input.last_modified() {
        line("Last modified:", format!(" {}", date::day(time)).trim_start().to_owned());
    }
    let mut text = lines.join("\n") + "\n";
    let lock = &locked.locking.lock;
    if !lock.nodes[LockFile::ROOT].inputs.is_empty() {
        text += "Inputs:\n";
        tree(lock, LockFile::ROOT, "", &mut text);
    }
    text
}

fn tree(lock: &LockFile, node: NodeIndex, indent: &str, text: &mut String) {
    let inputs = &lock.nodes[node].inputs;
    for (index, (name, edge)) in inputs.iter().enumerate() {
        let last = index + 1 == inputs.len();
        let (branch, below) =
            if last { ("└───", "    ") } else { ("├───", "│   ") };
        match edge {
            Edge::Follows(path) => {
                *text += &format!("{indent}{branch}{name} follows input '{}'\n", path.join("/"))
            }
            Edge::Node(child) => {
                let locked = lock.nodes[*child].locked.as_ref();
                let what = locked.map(|node| node.locked.to_string()).unwrap_or_default();
                *text += &format!("{indent}{branch}{name}: {what}\n");
                tree(lock, *child, &format!("{indent}{below}"), text);
            }
        }
    }
}

fn json(flakes: &Flakes, original: &FlakeRef, locked: &LockedFlake) -> Value {
    let flake = &locked.flake;
    let mut json = Map::new();
    let mut set = |name: &str, value: Value| json.insert(name.to_owned(), value);
    if let Some(description) = &flake.file.description {
        set("description", description.as_str().into());
    }
    set("original", original.to_attrs().to_json());
    set("originalUrl", original.to_string().into());
    set("resolved", flake.resolved.to_attrs().to_json());
    set("resolvedUrl", flake.resolved.to_string().into());
    set("locked", flake.locked.to_attrs().to_json());
    set("url", flake.locked.to_string().into());
    if let Some(rev) = flake.locked.input.rev() {
        set("revision", rev.into());
    }
    if let Ok(Some(count)) = flake.locked.input.attrs().int("revCount") {
        set("revCount", count.into());
    }
    if let Some(time) = flake.locked.input.last_modified() {
        set("lastModified", time.into());
    }
    set("path", flakes.fetcher().store.store_dir().display(&flake.folder.tree).into());
    set("locks", locked.locking.lock.to_json());
    Value::Object(json)
}
