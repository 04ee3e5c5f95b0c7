//! `firn run`: run a program of a package, or an app.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use firn_eval::{ErrorKind, Machine, Pos, R, Symbol, Value, sym};

use crate::arguments::{EnvironmentArguments, GlobalArguments};
use crate::context::Context;
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};

/// What to run.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn run base#hello
  firn run . -- --verbose          # the flake's own program, with an argument that is not for firn")]
pub struct Arguments {
    /// An app, or a package with a program of its name, such as base#hello
    #[arg(default_value = ".")]
    installable: String,
    /// Arguments of the program
    arguments: Vec<OsString>,
    #[command(flatten)]
    environment: EnvironmentArguments,
    #[command(flatten)]
    source: SourceArguments,
}

/// Runs.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let environment = arguments.environment.environment()?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let found =
        evaluation.find(&arguments.installable, &lookup(context.settings.text("system")))?;
    let program = evaluation.run(|m| program(m, found.value, &found.path))?;
    Err(enter::exec(
        &context,
        Program {
            path: program.into(),
            name: None,
            arguments: arguments.arguments,
            environment: environment.into_iter().collect(),
        },
    ))
}

/// Where apps and packages are looked for.
pub fn lookup(system: &str) -> Lookup {
    let packages = Lookup::packages(system);
    let before = |new: &[String], old: Vec<String>| new.iter().cloned().chain(old).collect();
    Lookup {
        prefixes: before(&[format!("apps.{system}")], packages.prefixes),
        defaults: before(
            &[format!("apps.{system}.default"), format!("defaultApp.{system}")],
            packages.defaults,
        ),
    }
}

/// The program that a value means, built.
///
/// # Errors
/// The value is neither app nor package, or can't be built.
pub fn program(m: &mut Machine, value: Value, path: &str) -> R<String> {
    let attrs = m.force_attrs(value, Pos::NONE, "while evaluating what to run")?;
    let kind = match m.attr(attrs, sym::TYPE)? {
        Some(kind) => m.force_string(kind, Pos::NONE, "")?.to_text().into_owned(),
        None => String::new(),
    };
    let is_app = path.starts_with("apps.") || path.starts_with("defaultApp.");
    let expected = if is_app { "app" } else { "derivation" };
    if kind != expected && (is_app || kind != "app") {
        let text = format!("attribute '{path}' should have type '{expected}'");
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let what = "while evaluating the program to run";
    let (place, context, below) = if kind == "app" {
        let program = m.required_attr(attrs, Symbol::of("program"), what)?.get();
        let (place, context) = m.coerce_path(program, Pos::NONE, what)?;
        (place, context, String::new())
    } else {
        let out = m.required_attr(attrs, sym::OUT_PATH, what)?.get();
        let (place, context) = m.coerce_path(out, Pos::NONE, what)?;
        (place, context, format!("/bin/{}", main_program(m, value)?))
    };
    let place = m.realise_path(place, context, Pos::NONE)?;
    Ok(String::from_utf8_lossy(&place).into_owned() + &below)
}

/// `meta.mainProgram`, else `pname`, else the name without its version.
fn main_program(m: &mut Machine, value: Value) -> R<String> {
    let what = "while evaluating the name of the program to run";
    let attrs = m.force_attrs(value, Pos::NONE, what)?;
    if let Some(meta) = m.attr(attrs, sym::META)?.and_then(|meta| meta.as_attrs())
        && let Some(name) = m.attr(meta, Symbol::of("mainProgram"))?
    {
        return Ok(m.force_string(name, Pos::NONE, what)?.to_text().into_owned());
    }
    if let Some(name) = m.attr(attrs, Symbol::of("pname"))? {
        return Ok(m.force_string(name, Pos::NONE, what)?.to_text().into_owned());
    }
    let name = m.required_attr(attrs, sym::NAME, what)?.get();
    let name = m.force_string(name, Pos::NONE, what)?.to_text().into_owned();
    Ok(firn_search::packages::split_name(&name).0.to_owned())
}
