//! `firn fmt`, `firn formatter`: format the sources of a flake with the formatter that it names.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_store::BuildMode;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::installable::{Evaluation, Found, Lookup, SourceArguments};

/// The formatter's arguments.
#[derive(Args)]
#[command(
    after_help = "Arguments with a hyphen follow '--'. 'firn formatter build' builds the formatter."
)]
pub struct Arguments {
    /// Arguments of the formatter, such as files
    #[arg()]
    arguments: Vec<OsString>,
    #[command(flatten)]
    source: SourceArguments,
}

/// What to do with the formatter.
#[derive(Subcommand)]
pub enum Command {
    /// Build the formatter and print its program
    Build(BuildArguments),
    /// Format the sources: reformat your code
    Run(Arguments),
}

/// Where the formatter goes.
#[derive(Args)]
pub struct BuildArguments {
    /// Name of the link to the formatter
    #[arg(short, long, value_name = "PATH", default_value = "result", conflicts_with = "no_link")]
    out_link: PathBuf,
    /// Make no link
    #[arg(long)]
    no_link: bool,
    #[command(flatten)]
    source: SourceArguments,
}

/// `firn formatter`.
pub fn formatter(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    match command {
        Command::Build(arguments) => build(arguments, global),
        Command::Run(arguments) => run(arguments, global),
    }
}

/// `firn fmt`.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let found = find(&context, &mut evaluation)?;
    let program = super::run::program(&mut evaluation, &found)?;
    let mut environment: Vec<_> = std::env::vars_os().collect();
    let (reference, _) = context.flake_reference(".")?;
    if let Some(root) = reference.input.source_path() {
        environment.push(("PRJ_ROOT".into(), root.into()));
    }
    Err(enter::exec(
        &context,
        Program { path: program.into(), name: None, arguments: arguments.arguments, environment },
    ))
}

fn build(arguments: BuildArguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let found = find(&context, &mut evaluation)?;
    if !arguments.no_link {
        let wanted = [evaluation.derived_path(&found)?];
        let built = context.realise(&wanted, BuildMode::Normal)?;
        super::build::link(&*context.store()?, &built, &arguments.out_link)?;
    }
    let program = super::run::program(&mut evaluation, &found)?;
    context.display.finish();
    println!("{program}");
    Ok(ExitCode::SUCCESS)
}

/// The output `formatter` of the flake here.
fn find(context: &Context, evaluation: &mut Evaluation<'_>) -> Result<Found, Failure> {
    let system = context.settings.text("system");
    let lookup = Lookup { prefixes: Vec::new(), defaults: vec![format!("formatter.{system}")] };
    evaluation.find(".", &lookup)
}
