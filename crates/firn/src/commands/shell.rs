//! `firn shell`: a shell, or a command, that finds the programs of packages.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_formats::StorePath;
use firn_store::Store;

use crate::arguments::{EnvironmentArguments, GlobalArguments};
use crate::context::Context;
use crate::derived;
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::installable::SourceArguments;
use crate::store_paths;

/// Which packages, and what to start.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn shell base#hello base#jq
  firn shell base#hello --command hello --greeting hi")]
pub struct Arguments {
    /// The packages, such as base#hello
    installables: Vec<String>,
    /// Start this instead of a shell; everything that follows belongs to it
    #[arg(short, long, num_args = 1.., allow_hyphen_values = true, value_names = ["COMMAND", "ARGUMENTS"])]
    command: Vec<OsString>,
    #[command(flatten)]
    environment: EnvironmentArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// The sub-commands of `firn env`.
#[derive(Subcommand)]
pub enum Command {
    /// Start a shell that finds the programs of packages
    Shell(Box<Arguments>),
}

/// `firn env`: what `firn shell` is in full.
pub fn environment(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let Command::Shell(arguments) = command;
    run(*arguments, global)
}

/// Starts.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut environment = arguments.environment.environment()?;
    let wanted = derived::wanted(&context, &arguments.source, &arguments.installables)?;
    let built = context.realise(&wanted, arguments.source.mode())?;
    let outputs = built.iter().flat_map(|one| one.outputs.values().cloned());
    let store = context.store()?;
    let found = with_propagated(&*store, outputs)?;
    let folders = found.iter().map(|output| programs(&*store, output));
    let mut path: Vec<OsString> = folders.collect::<Result<_, _>>()?;
    path.extend(environment.get(std::ffi::OsStr::new("PATH")).cloned());
    environment.insert("PATH".into(), path.join(std::ffi::OsStr::new(":")));
    let shell = || environment.get(std::ffi::OsStr::new("SHELL")).cloned();
    let (program, rest) = match arguments.command.split_first() {
        Some((program, rest)) => (program.clone(), rest.to_vec()),
        None => (shell().unwrap_or_else(|| "bash".into()), Vec::new()),
    };
    // The program is looked up by the path that it will see.
    let path = find(&context, &program, environment.get(std::ffi::OsStr::new("PATH")));
    Err(enter::exec(
        &context,
        Program {
            path,
            name: Some(program),
            arguments: rest,
            environment: environment.into_iter().collect(),
        },
    ))
}

/// The folder of an output's programs, where symbolic links lead to it. They have to stay in the store.
fn programs(store: &dyn Store, output: &StorePath) -> Result<OsString, Failure> {
    let dir = store.store_dir();
    let read = |place: &Path| {
        let (object, inner) = dir.split(&place.to_string_lossy()).ok()?;
        let real = store.to_real_path(&object)?;
        let names = inner.split('/').filter(|name| !name.is_empty());
        std::fs::read_link(names.fold(real, |place, name| place.join(name))).ok()
    };
    let mut place = PathBuf::from(format!("{}/bin", dir.display(output)));
    for _ in 0..store_paths::MAX_LINKS {
        let shown = place.to_string_lossy();
        dir.split(&shown)
            .map_err(|_| Failure::new(format!("error: path '{shown}' is not in the Nix store")))?;
        match store_paths::next(&place, read) {
            Some(target) => place = target,
            None => break,
        }
    }
    Ok(place.into())
}

/// Outputs, each with the packages that it wants beside it.
fn with_propagated(
    store: &dyn Store,
    outputs: impl Iterator<Item = StorePath>,
) -> Result<Vec<StorePath>, Failure> {
    let mut seen = BTreeSet::new();
    let mut todo: std::collections::VecDeque<_> = outputs.collect();
    let mut found = Vec::new();
    while let Some(output) = todo.pop_front() {
        if !seen.insert(output.clone()) {
            continue;
        }
        if let Some(real) = store.to_real_path(&output) {
            let file = real.join("nix-support/propagated-user-env-packages");
            for path in std::fs::read_to_string(file).unwrap_or_default().split_whitespace() {
                todo.push_back(store.store_dir().parse(path)?);
            }
        }
        found.push(output);
    }
    Ok(found)
}

/// A program's place by a search path, in which folders of the store are where their paths say.
fn find(context: &Context, program: &OsString, path: Option<&OsString>) -> OsString {
    if Path::new(program).components().count() > 1 {
        return program.clone();
    }
    let Ok(store) = context.store() else { return program.clone() };
    let exists = |candidate: &Path| match store.store_dir().split(&candidate.to_string_lossy()) {
        Ok((object, inner)) => store.to_real_path(&object).is_some_and(|real| {
            real.join(inner.trim_start_matches('/')).symlink_metadata().is_ok()
        }),
        Err(_) => candidate.is_file(),
    };
    let folders = path.map(|path| std::env::split_paths(path).collect::<Vec<_>>());
    let mut candidates = folders.into_iter().flatten().map(|folder| folder.join(program));
    candidates.find(|candidate| exists(candidate)).map_or_else(|| program.clone(), Into::into)
}
