//! `nix-instantiate`: evaluate, parse or instantiate expressions.

mod run;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;

/// Runs `nix-instantiate` with the process's arguments.
pub fn main(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let arguments: Vec<String> =
        arguments.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let options =
        run::Options::read(&arguments).map_err(|e| Failure::new(format!("error: {e}")))?;
    firn_eval::stack::run(|| evaluate(&options))?
}

fn evaluate(options: &run::Options) -> Result<ExitCode, Failure> {
    let mut settings = options.settings.clone();
    settings.push(("extra-experimental-features".to_owned(), options.features.join(" ")));
    let context = Context::new(&GlobalArguments::with_settings(settings))?;
    let flakes = context.flakes()?;
    let mode = Mode {
        pure: context.settings.flag("pure-eval"),
        read_only: options.eval && !options.read_write,
        includes: options.search.clone(),
    };
    let (status, text) = run::run(options, || evaluation::machine(&context, &flakes, &mode))?;
    context.display.finish();
    if !text.is_empty() {
        eprintln!("{text}");
    }
    Ok(ExitCode::from(status))
}
