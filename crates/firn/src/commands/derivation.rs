//! `firn derivation`: derivations as JSON.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_formats::{
    ContentAddressMethod, Derivation, HashAlgo, ModuloMemo, StorePath, split_extended_outputs,
};
use firn_store::{Content, add_text, compute_path};
use serde_json::{Map, Value, json};

use crate::arguments::{GlobalArguments, PrettyArguments};
use crate::context::Context;
use crate::derived;
use crate::exit::Failure;
use crate::installable::SourceArguments;
use crate::store_paths;

/// The commands on derivations.
#[derive(Subcommand)]
pub enum Command {
    /// Add a derivation to the store, from JSON on standard input
    Add(AddArguments),
    /// Print derivations as JSON
    Show(Box<ShowArguments>),
}

/// What is done with the derivation.
#[derive(Args)]
pub struct AddArguments {
    /// Print its path, and add nothing
    #[arg(long)]
    dry_run: bool,
}

/// Which derivations.
#[derive(Args)]
pub struct ShowArguments {
    /// What to show: flake outputs, store paths
    installables: Vec<String>,
    /// Show the derivations that those need, too
    #[arg(short, long)]
    recursive: bool,
    #[command(flatten)]
    pretty: PrettyArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    match command {
        Command::Add(arguments) => add(&context, &arguments),
        Command::Show(arguments) => show(&context, &arguments),
    }
}

/// Adds what standard input describes; paths of outputs that are left out are filled in.
fn add(context: &Context, arguments: &AddArguments) -> Result<ExitCode, Failure> {
    let json: Value = serde_json::from_reader(std::io::stdin().lock())
        .map_err(|error| Failure::new(format!("error: standard input is no JSON: {error}")))?;
    let store = context.store()?;
    let dir = store.store_dir();
    let mut drv = Derivation::from_json(&json)?;
    let mut memo = ModuloMemo::new();
    let mut hash = |path: &StorePath| memo.of(dir, path, &mut |path| store.read_derivation(path));
    drv.fill_outputs(dir, &mut hash)?;
    drv.check_outputs(dir, &mut hash).map_err(|error| {
        Failure::new(format!(
            "error: while checking derivation from JSON with name '{}': {error}",
            drv.name
        ))
    })?;
    let (text, name) = (drv.to_aterm(dir)?, format!("{}.drv", drv.name));
    let references = drv.input_srcs.iter().chain(drv.input_drvs.keys()).cloned().collect();
    let path = if arguments.dry_run {
        let (method, content) = (ContentAddressMethod::Text, Content::Bytes(&text));
        compute_path(dir, &name, content, method, HashAlgo::Sha256, &references)?.0
    } else {
        add_text(&*store, &name, &text, &references)?
    };
    println!("{}", dir.display(&path));
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<ExitCode, Failure> {
    let store = context.store()?;
    let mut todo = derivations(context, &arguments.installables, &arguments.source)?;
    let mut shown = BTreeMap::new();
    while let Some(path) = todo.pop() {
        if shown.contains_key(&path) {
            continue;
        }
        let derivation = store.read_derivation(&path)?;
        if arguments.recursive {
            todo.extend(derivation.input_drvs.keys().cloned());
        }
        shown.insert(path, derivation.to_json());
    }
    context.display.finish();
    let shown: Map<_, _> =
        shown.into_iter().map(|(path, json)| (path.as_str().to_owned(), json)).collect();
    arguments.pretty.print(&json!({ "derivations": Value::Object(shown), "version": 4 }));
    Ok(ExitCode::SUCCESS)
}

/// The derivations that the arguments name, evaluated or given by path; a result's is its deriver.
///
/// # Errors
/// Evaluation fails, or nobody knows what made a path.
pub fn derivations(
    context: &Context,
    installables: &[String],
    source: &SourceArguments,
) -> Result<Vec<StorePath>, Failure> {
    let store = context.store()?;
    let by_path = |text: &str| {
        if !text.starts_with(store.store_dir().as_str()) {
            return Ok(None);
        }
        let path = store_paths::of(store.store_dir(), split_extended_outputs(text)?.0)?;
        if path.is_derivation() {
            return Ok(Some(path));
        }
        store_paths::deriver(&*store, &path, text).map(Some)
    };
    derived::each(context, source, installables, by_path, |evaluation, found| {
        Ok(vec![evaluation.derived_path(found)?.base().clone()])
    })
}
