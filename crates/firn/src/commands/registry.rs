//! `firn registry`: short names for flakes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_flake::reference::{Base, FlakeRef};
use firn_flake::registry::{Entry, Registry};

use crate::arguments::{EvaluationArguments, GlobalArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;
use crate::program;

/// The commands on registries.
#[derive(Subcommand)]
pub enum Command {
    /// Print the names and what they stand for
    List,
    /// Give a name a meaning
    Add(AddArguments),
    /// Take a name's meaning away
    Remove(RemoveArguments),
    /// Fix a name to what it stands for now
    Pin(PinArguments),
    /// Print what references stand for
    Resolve(ResolveArguments),
}

/// Which registry is changed.
#[derive(Args)]
pub struct Place {
    /// Change this file instead of the user's registry
    #[arg(long, value_name = "FILE")]
    registry: Option<PathBuf>,
}

/// A name and its meaning.
#[derive(Args)]
pub struct AddArguments {
    /// The name, such as nixpkgs
    from: String,
    /// What it stands for, such as base
    to: String,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

/// A name.
#[derive(Args)]
pub struct RemoveArguments {
    /// The name
    name: String,
    #[command(flatten)]
    place: Place,
}

/// A name, and what to fix it to.
#[derive(Args)]
pub struct PinArguments {
    /// The name
    name: String,
    /// What it stands for; what it stands for now when absent
    locked: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

/// References to look up.
#[derive(Args)]
pub struct ResolveArguments {
    /// The references, such as nixpkgs
    #[arg(required = true)]
    references: Vec<String>,
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    match command {
        Command::List => list(&context)?,
        Command::Add(arguments) => add(&context, &arguments)?,
        Command::Remove(arguments) => remove(&context, &arguments)?,
        Command::Pin(arguments) => pin(&context, &arguments)?,
        Command::Resolve(arguments) => resolve(&context, &arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(context: &Context) -> Result<(), Failure> {
    let registries = context.registries()?;
    let global = registries.global.get();
    context.display.finish();
    let print = |kind: &str, registry: &Registry| {
        for entry in &registry.entries {
            println!("{kind:<6} {} {}", entry.from, entry.to);
        }
    };
    for (kind, registry) in ["user", "system"].iter().zip(&registries.local) {
        print(kind, registry);
    }
    // The reference has no such entry, and programs that call it count lines.
    if !program::is_called("nix") {
        println!("{:<6} flake:base base", "firn");
    }
    match global {
        Ok(registry) => registry.into_iter().for_each(|registry| print("global", registry)),
        Err(error) => context.warn(&format!("the global registry is left out: {error}")),
    }
    Ok(())
}

fn resolve(context: &Context, arguments: &ResolveArguments) -> Result<(), Failure> {
    let registries = context.registries()?;
    for text in &arguments.references {
        let reference = parse(context, text)?;
        let resolved = registries.resolve(&reference, false).map_err(input_failure)?;
        println!("{resolved}");
    }
    Ok(())
}

fn add(context: &Context, arguments: &AddArguments) -> Result<(), Failure> {
    let (from, to) = (parse(context, &arguments.from)?, parse(context, &arguments.to)?);
    change(context, &arguments.place, |registry| {
        registry.set(Entry { from: from.input, to, exact: false });
    })
}

fn remove(context: &Context, arguments: &RemoveArguments) -> Result<(), Failure> {
    let from = parse(context, &arguments.name)?;
    change(context, &arguments.place, |registry| registry.remove(&from.input))
}

fn pin(context: &Context, arguments: &PinArguments) -> Result<(), Failure> {
    let from = parse(context, &arguments.name)?;
    let wanted = match &arguments.locked {
        Some(locked) => parse(context, locked)?,
        None => from.clone(),
    };
    let flakes = context.flakes()?;
    let mut to = flakes.registries().resolve(&wanted, false).map_err(input_failure)?;
    let _deadline = interrupt::deadline();
    to.input = flakes.fetch(&to.input).map_err(input_failure)?.input;
    if !to.input.is_locked() {
        context.warn(&format!("flake '{to}' doesn't have a revision"));
    }
    change(context, &arguments.place, |registry| {
        registry.set(Entry { from: from.input, to, exact: false });
    })
}

fn change(
    context: &Context,
    place: &Place,
    work: impl FnOnce(&mut Registry),
) -> Result<(), Failure> {
    let user = context.user_registry();
    let path: &Path = place.registry.as_deref().unwrap_or(&user);
    let mut registry = Registry::read(path).map_err(input_failure)?;
    work(&mut registry);
    registry.write(path).map_err(input_failure)
}

fn parse(context: &Context, text: &str) -> Result<FlakeRef, Failure> {
    let folder = context.current_folder()?;
    FlakeRef::parse_input(text, Base::Folder(&folder), true).map_err(input_failure)
}
