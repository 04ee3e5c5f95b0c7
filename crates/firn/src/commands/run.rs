//! `firn run`: run a program of a package, or an app.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;
use firn_eval::{Ctx, ErrorKind, Machine, Pos, R, Symbol, Value, sym};
use firn_flake::eval_cache::Answer;
use firn_formats::{ContextElement, DerivedPath, OutputsSpec};
use firn_store::BuildMode;

use crate::arguments::{EnvironmentArguments, GlobalArguments};
use crate::context::Context;
use crate::enter::{self, Program};
use crate::exit::Failure;
use crate::installable::{Evaluation, Found, Lookup, SourceArguments};

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
    let program = program(&mut evaluation, &found)?;
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

/// The question where the program of an app or package is, before it is built.
const PROGRAM: &str = "program";

/// The program that an app or package means, built.
///
/// # Errors
/// The value is neither app nor package, or can't be built.
pub fn program(evaluation: &mut Evaluation<'_>, found: &Found) -> Result<String, Failure> {
    if let Some(known) = evaluation.answer(found, PROGRAM)? {
        return build(evaluation, known);
    }
    let value = evaluation.value(found)?;
    let (place, below) = evaluation.run(|m| place_of(m, value, &found.path))?;
    let context = evaluation.context_of(place.1)?;
    let is_path =
        place.0.starts_with(evaluation.context().store()?.store_dir().as_str().as_bytes());
    if let Ok(text) = std::str::from_utf8(&place.0)
        && (is_path || context.is_empty())
    {
        let known = Answer { text: text.to_owned() + &below, context };
        found.keep(PROGRAM, known.clone());
        return build(evaluation, known);
    }
    // What stands for a path that is not known before it is built.
    let place = evaluation.run(|m| m.realise_path(place.0, place.1, Pos::NONE))?;
    Ok(String::from_utf8_lossy(&place).into_owned() + &below)
}

/// Builds what a program is part of.
fn build(evaluation: &Evaluation<'_>, program: Answer) -> Result<String, Failure> {
    let wanted = program.context.into_iter().map(|element| match element {
        ContextElement::Built { drv, output } => {
            DerivedPath::Built { drv, outputs: OutputsSpec::one(output) }
        }
        ContextElement::Opaque(path) | ContextElement::DrvDeep(path) => DerivedPath::Opaque(path),
    });
    evaluation.context().realise(&wanted.collect::<Vec<_>>(), BuildMode::Normal)?;
    Ok(program.text)
}

/// Where the program of a value is: a path with its context, and what is below that.
fn place_of(m: &mut Machine, value: Value, path: &str) -> R<((Vec<u8>, Ctx), String)> {
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
    if kind == "app" {
        let program = m.required_attr(attrs, Symbol::of("program"), what)?.get();
        return Ok((m.coerce_path(program, Pos::NONE, what)?, String::new()));
    }
    let out = m.required_attr(attrs, sym::OUT_PATH, what)?.get();
    let place = m.coerce_path(out, Pos::NONE, what)?;
    Ok((place, format!("/bin/{}", main_program(m, value)?)))
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
