//! `firn flake …`: work with flakes.

mod archive;
mod check;
mod clone;
mod lock;
mod metadata;
mod prefetch;
mod prefetch_inputs;
mod said;
mod show;
mod template;
mod update;

pub use check::backend;

use std::process::ExitCode;
use std::rc::Rc;

use clap::{Args, Subcommand};
use firn_flake::flakes::Flakes;
use firn_flake::locked::LockedFlake;
use firn_flake::reference::FlakeRef;

use crate::arguments::{EvaluationArguments, GlobalArguments, LockingArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::flake_config::lock_flake;

/// The commands on flakes.
#[derive(Subcommand)]
pub enum Command {
    /// Fetch a flake and all its inputs into the store
    Archive(archive::Arguments),
    /// Check that a flake evaluates, and build its checks
    Check(check::Arguments),
    /// Clone a flake's repository to work on it
    Clone(clone::Arguments),
    /// Start a flake here from a template
    Init(template::Arguments),
    /// Bring the lock file up to date without changing what is locked
    Lock(FlakeArguments),
    /// Show where a flake and its inputs come from
    #[command(alias = "info")]
    Metadata(metadata::Arguments),
    /// Start a flake in a new folder from a template
    New(template::NewArguments),
    /// Fetch a flake's source tree into the store
    Prefetch(prefetch::Arguments),
    /// Fetch the inputs of a flake into the store
    PrefetchInputs(FlakeArguments),
    /// Show the outputs of a flake
    Show(show::Arguments),
    /// Lock inputs anew
    Update(update::Arguments),
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Archive(arguments) => archive::run(arguments, global),
        Command::Clone(arguments) => clone::run(arguments, global),
        Command::Check(arguments) => check::run(arguments, global),
        Command::Init(arguments) => template::init(arguments, global),
        Command::Lock(arguments) => lock::run(arguments, global),
        Command::Metadata(arguments) => metadata::run(arguments, global),
        Command::New(arguments) => template::new(arguments, global),
        Command::Prefetch(arguments) => prefetch::run(arguments, global),
        Command::PrefetchInputs(arguments) => prefetch_inputs::run(arguments, global),
        Command::Show(arguments) => show::run(arguments, global),
        Command::Update(arguments) => update::run(arguments, global),
    }
}

/// A flake, and how it is locked.
#[derive(Args)]
pub struct FlakeArguments {
    /// The flake
    #[arg(default_value = ".")]
    flake: String,
    #[command(flatten)]
    locking: LockingArguments,
    #[command(flatten)]
    _evaluation: EvaluationArguments,
}

impl FlakeArguments {
    /// What the user called it.
    fn reference(&self, context: &Context) -> Result<FlakeRef, Failure> {
        reference(context, &self.flake)
    }

    /// The flake with its inputs locked, and what fetches them.
    fn lock(&self, context: &Context) -> Result<(Rc<Flakes>, LockedFlake), Failure> {
        let request = self.locking.request(context)?;
        let flakes = self.locking.flakes(context)?;
        let locked = lock_flake(context, &flakes, &self.reference(context)?, &request)?;
        Ok((flakes, locked))
    }
}

/// The flake that an argument names, which must have no fragment.
fn reference(context: &Context, text: &str) -> Result<FlakeRef, Failure> {
    let (reference, fragment) = context.flake_reference(text)?;
    if fragment.is_empty() {
        return Ok(reference);
    }
    Err(Failure::new(format!(
        "error: unexpected fragment '{fragment}' in flake reference '{text}'"
    )))
}
