//! `firn flake metadata`: where a flake and its inputs come from.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use clap::Args;
use firn_flake::date;
use firn_flake::flakes::Flakes;
use firn_flake::lock::{Edge, LockFile, NodeIndex};
use firn_flake::locked::LockedFlake;
use firn_flake::locking::SourceFolder;
use firn_flake::reference::FlakeRef;
use serde_json::Value;

use super::FlakeArguments;
use crate::arguments::{GlobalArguments, JsonArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::flake_config::lock_flake;
use crate::installable::input_failure;
use crate::output;

/// Which flake, and how it is shown.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    json: JsonArguments,
    #[command(flatten)]
    flake: FlakeArguments,
}

/// Shows.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let request = arguments.flake.locking.request(&context)?;
    let original = arguments.flake.reference(&context)?;
    let flakes = arguments.flake.locking.flakes(&context)?;
    let locked = lock_flake(&context, &flakes, &original, &request)?;
    context.display.finish();
    if arguments.json.wanted {
        arguments.json.print(&json(&flakes, &original, &locked)?);
    } else {
        print!("{}", text(&flakes, &locked)?);
    }
    Ok(ExitCode::SUCCESS)
}

fn text(flakes: &Flakes, locked: &LockedFlake) -> Result<String, Failure> {
    let flake = &locked.flake;
    let attrs = flake.locked.input.attrs();
    let whole = SourceFolder { subdir: String::new(), ..flake.folder.clone() };
    let count = attrs.int("revCount").ok().flatten();
    let fingerprint = locked.fingerprint(flakes).map_err(input_failure)?;
    let lines = [
        ("Resolved URL:", Some(flake.resolved.to_string())),
        ("Locked URL:", flake.locked.input.is_locked().then(|| flake.locked.to_string())),
        ("Description:", flake.file.description.clone()),
        ("Path:", Some(flakes.logical_path(&whole))),
        ("Revision:", flake.locked.input.rev().map(str::to_owned)),
        ("Revision:", attrs.text("dirtyRev").ok().flatten().map(str::to_owned)),
        ("Revisions:", count.map(|count| count.to_string())),
        ("Last modified:", flake.locked.input.last_modified().map(date::moment)),
        ("Fingerprint:", fingerprint.map(|hash| hash.base16())),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        if let Some(value) = value {
            text += &format!("{}{}{value}\n", bold(name), " ".repeat(15 - name.len()));
        }
    }
    let lock = &locked.locking.lock;
    if !lock.nodes[LockFile::ROOT].inputs.is_empty() {
        text += &format!("{}\n", bold("Inputs:"));
        tree(lock, LockFile::ROOT, "", &mut BTreeSet::from([LockFile::ROOT]), &mut text);
    }
    Ok(text)
}

fn bold(text: &str) -> String {
    if output::is_styled() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
}

/// The inputs of a node; those of nodes that were shown before are left out.
fn tree(
    lock: &LockFile,
    node: NodeIndex,
    indent: &str,
    shown: &mut BTreeSet<NodeIndex>,
    text: &mut String,
) {
    let inputs = &lock.nodes[node].inputs;
    for (index, (name, edge)) in inputs.iter().enumerate() {
        let last = index + 1 == inputs.len();
        let (branch, below) =
            if last { ("└───", "    ") } else { ("├───", "│   ") };
        let name = bold(name);
        match edge {
            Edge::Follows(path) => {
                *text += &format!("{indent}{branch}{name} follows input '{}'\n", path.join("/"))
            }
            Edge::Node(child) => {
                let locked = lock.nodes[*child].locked.as_ref();
                let what = locked.map(|node| node.locked.to_string()).unwrap_or_default();
                let time = locked.and_then(|node| node.locked.input.last_modified());
                let time = time.map(|time| format!(" ({})", date::moment(time)));
                *text += &format!("{indent}{branch}{name}: {what}{}\n", time.unwrap_or_default());
                if shown.insert(*child) {
                    tree(lock, *child, &format!("{indent}{below}"), shown, text);
                }
            }
        }
    }
}

/// What the reference prints, its attributes in the order of names.
fn json(flakes: &Flakes, original: &FlakeRef, locked: &LockedFlake) -> Result<Value, Failure> {
    let flake = &locked.flake;
    let attrs = flake.locked.input.attrs();
    let mut json = BTreeMap::new();
    let mut set =
        |name: &str, value: Option<Value>| json.extend(value.map(|v| (name.to_owned(), v)));
    set("description", flake.file.description.as_deref().map(Value::from));
    set("original", Some(original.to_attrs().to_json()));
    set("originalUrl", Some(original.to_string().into()));
    set("resolved", Some(flake.resolved.to_attrs().to_json()));
    set("resolvedUrl", Some(flake.resolved.to_string().into()));
    set("locked", Some(final_attrs(&flake.locked)));
    set("url", Some(flake.locked.to_string().into()));
    set("revision", flake.locked.input.rev().map(Value::from));
    set("dirtyRevision", attrs.text("dirtyRev").ok().flatten().map(Value::from));
    set("revCount", attrs.int("revCount").ok().flatten().map(Value::from));
    set("lastModified", flake.locked.input.last_modified().map(Value::from));
    let path = flakes.fetcher().store.store_dir().display(&flake.folder.tree);
    set("path", Some(path.into()));
    set("locks", Some(locked.locking.lock.to_json()));
    let fingerprint = locked.fingerprint(flakes).map_err(input_failure)?;
    set("fingerprint", fingerprint.map(|hash| hash.base16().into()));
    Ok(Value::Object(json.into_iter().collect()))
}

/// The attributes of what was fetched; the reference marks them as complete.
fn final_attrs(locked: &FlakeRef) -> Value {
    let mut attrs = BTreeMap::from([("__final".to_owned(), Value::Bool(true))]);
    if let Value::Object(known) = locked.to_attrs().to_json() {
        attrs.extend(known);
    }
    Value::Object(attrs.into_iter().collect())
}
