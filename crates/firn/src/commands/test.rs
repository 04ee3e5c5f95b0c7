//! `firn test`: run NixOS tests.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_eval::Pos;
use firn_events::Level;
use firn_flake::schema;
use firn_formats::DerivedPath;
use firn_store::BuildMode;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// The commands on tests.
#[derive(Subcommand)]
pub enum Command {
    /// Run tests
    Run(RunArguments),
}

/// Which tests to run, and how.
#[derive(Args)]
pub struct RunArguments {
    /// The tests, such as .#http-server; checks.SYSTEM.default when none is named
    tests: Vec<String>,
    /// Run the nodes in virtual machines or in containers, whatever the tests choose
    #[arg(long, value_name = "vm|container", value_parser = ["vm", "container"])]
    backend: Option<String>,
    /// Run so many times, also when the result is in the store
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(arguments) => run_tests(arguments, global),
    }
}

fn run_tests(arguments: RunArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let wanted = wanted(&context, &arguments)?;
    let store = context.store()?;
    let realiser = context.realiser()?;
    for number in 1..=arguments.repeat.unwrap_or(0) {
        let text = format!("run {number} of {}", arguments.repeat.unwrap_or(0));
        context.reporter.message(Level::Info, text);
        // What ran before runs again; what did not, runs for the first time.
        crate::building::rebuild(&*realiser, &*store, &wanted).map_err(crate::building::failure)?;
    }
    let built = realiser.realise(&wanted, BuildMode::Normal).map_err(crate::building::failure)?;
    context.display.finish();
    for path in built.iter().flat_map(|one| one.outputs.values()) {
        println!("{}", store.store_dir().display(path));
    }
    Ok(ExitCode::SUCCESS)
}

fn wanted(context: &Context, arguments: &RunArguments) -> Result<Vec<DerivedPath>, Failure> {
    let system = context.settings.text("system");
    let lookup = Lookup {
        prefixes: ["checks", "packages", "legacyPackages"]
            .map(|output| format!("{output}.{system}"))
            .to_vec(),
        defaults: vec![format!("checks.{system}.default")],
    };
    let tests = match arguments.tests.as_slice() {
        [] => &[".".to_owned()],
        given => given,
    };
    let backend = super::flake::backend(context, arguments.backend.clone());
    let mut evaluation = Evaluation::new(context, &arguments.source)?;
    let mut wanted = Vec::new();
    for text in tests {
        let mut found = evaluation.find(text, &lookup)?;
        found.value = evaluation
            .run(|m| schema::in_backend(m, found.value, backend.as_deref(), Pos::NONE))?;
        wanted.push(evaluation.derived_path(&found)?);
    }
    Ok(wanted)
}
