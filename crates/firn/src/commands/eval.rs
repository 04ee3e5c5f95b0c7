//! `firn eval`: evaluate and print.

mod form;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use clap::Args;
use firn_eval::{ErrorKind, Kind, Machine, Pos, R, Value};
use firn_source::Origin;

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments};
use form::Form;

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
    /// Print JSON with line breaks and indentation (the default on a terminal)
    #[arg(long, overrides_with = "no_pretty")]
    pretty: bool,
    /// Print JSON in one line
    #[arg(long)]
    no_pretty: bool,
    /// Write strings to files, and sets to folders, at this path instead of printing
    #[arg(long, value_name = "PATH", conflicts_with_all = ["json", "raw"])]
    write_to: Option<PathBuf>,
    /// Add nothing to the store
    #[arg(long)]
    read_only: bool,
    /// Apply a function to the value first
    #[arg(long, value_name = "EXPR")]
    apply: Option<String>,
    #[command(flatten)]
    source: SourceArguments,
}

/// Evaluates and prints.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = match arguments.read_only {
        true => Evaluation::reading(&context, &arguments.source)?,
        false => Evaluation::new(&context, &arguments.source)?,
    };
    let lookup = Lookup::packages(context.settings.text("system"));
    let found = evaluation.find(&arguments.installable, &lookup)?;
    let form = match (arguments.raw, arguments.json) {
        (true, _) => Form::Raw,
        (_, true) => Form::Json,
        _ => Form::Nix,
    };
    let is_plain = arguments.apply.is_none() && arguments.write_to.is_none();
    let known = if is_plain { evaluation.answer(&found, form.question())? } else { None };
    let text = match known {
        Some(known) => known.text.into_bytes(),
        None => {
            let mut value = evaluation.value(&found)?;
            if let Some(text) = &arguments.apply {
                value = evaluation.run(|m| {
                    let function = m.eval_text(Origin::String, text.as_bytes(), "/")?;
                    m.call(function, &[value], Pos::NONE)
                })?;
            }
            if let Some(path) = &arguments.write_to {
                write(&mut evaluation, value, path)?;
                context.display.finish();
                return Ok(ExitCode::SUCCESS);
            }
            let printed = form.print(&mut evaluation, value)?;
            // Who looks at a value wants to hear what evaluation says, each time.
            let is_silent = !context.evaluation_spoke.load(Ordering::Relaxed);
            if is_plain
                && is_silent
                && let Some(answer) = printed.answer(&mut evaluation)?
            {
                found.keep(form.question(), answer);
            }
            printed.text
        }
    };
    context.display.finish();
    let pretty = arguments.pretty || (std::io::stdout().is_terminal() && !arguments.no_pretty);
    let mut text = if pretty && form == Form::Json { indented(text) } else { text };
    if form != Form::Raw {
        text.push(b'\n');
    }
    std::io::stdout().write_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn write(evaluation: &mut Evaluation<'_>, value: Value, path: &Path) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() {
        return Err(Failure::new(format!("error: path '{}' already exists", path.display())));
    }
    evaluation.run(|m| write_tree(m, value, path, 0))
}

/// JSON with line breaks.
fn indented(text: Vec<u8>) -> Vec<u8> {
    let parsed = serde_json::from_slice::<serde_json::Value>(&text);
    parsed.and_then(|value| serde_json::to_vec_pretty(&value)).unwrap_or(text)
}

/// Writes a string as a file, and a set as a folder of its attributes.
fn write_tree(m: &mut Machine, value: Value, path: &Path, depth: u32) -> R<()> {
    if depth > m.settings.max_call_depth {
        let text = "stack overflow; max-call-depth exceeded";
        return Err(m.fail(ErrorKind::StackOverflow, Pos::NONE, text));
    }
    let failed = |m: &mut Machine, error: std::io::Error| {
        m.fail(ErrorKind::Outside, Pos::NONE, format!("cannot write '{}': {error}", path.display()))
    };
    let value = m.force(value)?;
    match value.kind() {
        Kind::String(text) => std::fs::write(path, text.bytes()).map_err(|error| failed(m, error)),
        Kind::Attrs(attrs) => {
            std::fs::create_dir(path).map_err(|error| failed(m, error))?;
            for entry in m.sorted(attrs).collect::<Vec<_>>() {
                let name = entry.sym.text();
                if name.is_empty() || name == "." || name == ".." || name.contains('/') {
                    let text = format!("invalid file name '{name}'");
                    return Err(m.fail(ErrorKind::Eval, entry.pos, text));
                }
                write_tree(m, entry.value(), &path.join(&*name), depth + 1).map_err(|raised| {
                    m.frame(raised, entry.pos, format!("while evaluating the attribute '{name}'"))
                })?;
            }
            Ok(())
        }
        _ => {
            let text = format!("value at '{}' is not a string or an attribute set", path.display());
            Err(m.fail(ErrorKind::Type, Pos::NONE, text))
        }
    }
}
