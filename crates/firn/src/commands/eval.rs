//! `firn eval`: evaluate and print.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use firn_eval::{Coerce, Pos, PrintOptions, Symbol};
use firn_source::Origin;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// What to evaluate and how to print it.
#[derive(Args)]
pub struct Arguments {
    /// What to evaluate, such as `nixpkgs#hello.name`
    #[arg(default_value = ".")]
    installable: String,
    /// Print as JSON
    #[arg(long, conflicts_with = "raw")]
    json: bool,
    /// Print a string as it is, without quotes and newline
    #[arg(long)]
    raw: bool,
    /// Apply a function to the value first
    #[arg(long, value_name = "EXPR")]
    apply: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Evaluates and prints.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let lookup = Lookup::packages(context.settings.text("system"));
    let found = evaluation.find(&arguments.installable, &lookup)?;
    let mut value = found.value;
    if let Some(text) = &arguments.apply {
        value = evaluation.run(|m| {
            let function = m.eval_text(Origin::String, text.as_bytes(), "/")?;
            m.call(function, &[value], Pos::NONE)
        })?;
    }
    let mut text = evaluation.run(|m| {
        if arguments.raw {
            let what = "while generating the eval command output";
            return Ok(m
                .coerce(value, Coerce { more: false, copy: true }, Pos::NONE, what)?
                .bytes()
                .to_vec());
        }
        if arguments.json {
            let function = m.builtins().get(Symbol::of("toJSON")).map(|slot| slot.get());
            let Some(function) = function else { return Ok(Vec::new()) };
            let json = m.call(function, &[value], Pos::NONE)?;
            return Ok(m.force_string(json, Pos::NONE, "")?.bytes().to_vec());
        }
        m.print_value_bytes(
            value,
            PrintOptions { force: true, derivation_paths: true, ..PrintOptions::PLAIN },
        )
    })?;
    if !arguments.raw {
        text.push(b'\n');
    }
    context.display.finish();
    std::io::stdout().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}
