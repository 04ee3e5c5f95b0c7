//! `firn path-info`: what the store knows about paths.

use std::process::ExitCode;

use clap::Args;
use firn_formats::{ContentAddress, StoreDir, StorePath, StorePathSet};
use firn_store::{PathInfo, Store, closure, topological};
use serde_json::{Map, Value, json};

use super::collection::render_size;
use crate::arguments::{GlobalArguments, JsonArguments, PathsArguments};
use crate::context::Context;
use crate::exit::Failure;

/// Which paths, and what to print of them.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    #[command(flatten)]
    paths: PathsArguments,
    /// Print the size of each path
    #[arg(short, long)]
    size: bool,
    /// Print the size of each path with all that it needs
    #[arg(short = 'S', long)]
    closure_size: bool,
    /// Print sizes for people
    #[arg(short = 'h', long)]
    human_readable: bool,
    /// Print signatures
    #[arg(long)]
    sigs: bool,
    #[command(flatten)]
    json: JsonArguments,
    /// Version of the JSON: 1 or 2
    #[arg(long, value_name = "VERSION", requires = "json", value_parser = clap::value_parser!(u8).range(1..=2))]
    json_format: Option<u8>,
}

/// Prints what is known.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let store = context.store()?;
    let paths = wanted(&arguments, &context, &*store)?;
    context.display.finish();
    if arguments.json.wanted {
        arguments.json.print(&as_json(&arguments, &*store, &paths)?);
        return Ok(ExitCode::SUCCESS);
    }
    let paths = topological(&*store, &paths)?;
    let names: Vec<String> = paths.iter().map(|p| store.store_dir().display(p)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let plain = !(arguments.size || arguments.closure_size || arguments.sigs);
    for (path, name) in paths.iter().zip(&names) {
        if plain {
            println!("{name}");
        } else {
            println!("{name:width$}{}", columns(&arguments, &*store, path)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(
    arguments: &Arguments,
    context: &Context,
    store: &dyn Store,
) -> Result<StorePathSet, Failure> {
    let paths = arguments.paths.paths(context)?;
    if !arguments.json.wanted {
        for path in &paths {
            store.require_path_info(path)?;
        }
    }
    Ok(paths)
}

fn columns(arguments: &Arguments, store: &dyn Store, path: &StorePath) -> Result<String, Failure> {
    let info = store.require_path_info(path)?;
    let mut out = String::new();
    let size = |bytes: u64| match arguments.human_readable {
        true => format!("\t{:>10}", render_size(bytes as i64)),
        false => format!("\t{bytes:>11}"),
    };
    if arguments.size {
        out.push_str(&size(info.nar_size));
    }
    if arguments.closure_size {
        out.push_str(&size(closure_size(store, path)?));
    }
    if arguments.sigs {
        let mut words = Vec::new();
        if info.ultimate {
            words.push("ultimate".to_owned());
        }
        words.extend(info.ca.map(|ca| format!("ca:{ca}")));
        words.extend(info.signatures.iter().cloned());
        out.push('\t');
        out.push_str(&words.join(" "));
    }
    Ok(out)
}

fn closure_size(store: &dyn Store, path: &StorePath) -> Result<u64, Failure> {
    let mut total = 0;
    for path in closure(store, &StorePathSet::from([path.clone()]))? {
        total += store.require_path_info(&path)?.nar_size;
    }
    Ok(total)
}

fn as_json(
    arguments: &Arguments,
    store: &dyn Store,
    paths: &StorePathSet,
) -> Result<Value, Failure> {
    let dir = store.store_dir();
    let newer = arguments.json_format == Some(2);
    let mut all = Map::new();
    for path in paths {
        let value = match store.path_info(path)? {
            None => Value::Null,
            Some(info) => {
                let size = match arguments.closure_size {
                    true => Some(closure_size(store, path)?),
                    false => None,
                };
                info_json(dir, &info, size, newer)
            }
        };
        let name = if newer { path.to_string() } else { dir.display(path) };
        all.insert(name, value);
    }
    Ok(match newer {
        true => json!({ "info": all, "storeDir": dir.as_str(), "version": 2 }),
        false => Value::Object(all),
    })
}

/// The keys in the order of their names; version 2 names paths without the store folder.
fn info_json(dir: &StoreDir, info: &PathInfo, closure: Option<u64>, newer: bool) -> Value {
    let name = |path: &StorePath| if newer { path.to_string() } else { dir.display(path) };
    let address = |ca: &ContentAddress| match newer {
        true => json!({ "hash": ca.hash.sri(), "method": ca.method.name() }),
        false => json!(ca.to_string()),
    };
    let mut out = Map::new();
    out.insert("ca".into(), info.ca.as_ref().map_or(Value::Null, address));
    if let Some(size) = closure {
        out.insert("closureSize".into(), size.into());
    }
    out.insert("deriver".into(), info.deriver.as_ref().map(name).into());
    out.insert("narHash".into(), info.nar_hash.sri().into());
    out.insert("narSize".into(), info.nar_size.into());
    let references: Vec<String> = info.references.iter().map(name).collect();
    out.insert("references".into(), references.into());
    out.insert("registrationTime".into(), info.registration_time.into());
    let signatures: Vec<String> = info.signatures.iter().cloned().collect();
    out.insert("signatures".into(), signatures.into());
    out.insert("storeDir".into(), dir.as_str().into());
    out.insert("ultimate".into(), info.ultimate.into());
    out.insert("version".into(), if newer { 2 } else { 1 }.into());
    Value::Object(out)
}
