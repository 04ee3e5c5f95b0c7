//! `firn config`: the settings in force.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use firn_settings::Kind;
use firn_settings::declared::parse_number;
use serde_json::{Map, Value, json};

use crate::arguments::{GlobalArguments, PrettyArguments};
use crate::context::Context;
use crate::exit::Failure;

/// The commands on settings.
#[derive(Subcommand)]
pub enum Command {
    /// Look for what is wrong with this installation
    Check,
    /// Print settings and their values
    Show(ShowArguments),
}

/// Which settings, and how they are printed.
#[derive(Args)]
pub struct ShowArguments {
    /// Print the value of this setting only
    name: Option<String>,
    /// Print as JSON, with defaults and descriptions
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pretty: PrettyArguments,
}

/// Runs one.
pub fn run(command: Command, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    match command {
        Command::Check => check(&context),
        Command::Show(arguments) => show(&context, &arguments),
    }
}

/// Looks for what is wrong: several Nix programs on the path, a store that can't be opened.
fn check(context: &Context) -> Result<ExitCode, Failure> {
    let mut fine = true;
    let mut report = |ok: bool, text: String| {
        fine &= ok;
        println!("[{}] {text}", if ok { "PASS" } else { "FAIL" });
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs: std::collections::BTreeSet<_> = std::env::split_paths(&path)
        .filter_map(|folder| folder.join("nix").canonicalize().ok())
        .collect();
    let shown: Vec<_> = programs.iter().map(|program| program.display().to_string()).collect();
    report(
        programs.len() < 2,
        match programs.len() {
            0 | 1 => "PATH leads to no more than one 'nix'".to_owned(),
            _ => format!("PATH leads to several programs 'nix': {}", shown.join(", ")),
        },
    );
    match context.store() {
        Ok(store) => report(true, format!("the store '{}' can be opened", store.store_dir())),
        Err(failure) => report(false, format!("the store can't be opened: {failure}")),
    }
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<ExitCode, Failure> {
    let known = || context.settings.all();
    if let Some(name) = &arguments.name {
        let Some((setting, value)) =
            known().find(|(setting, _)| setting.name == name || setting.aliases.contains(&&**name))
        else {
            return Err(Failure::new(format!("error: there is no setting '{name}'")));
        };
        println!("{}", normal(setting.kind, value));
    } else if arguments.json {
        let entries = known().map(|(setting, text)| {
            let about = json!({
                "aliases": setting.aliases,
                "defaultValue": value(setting.kind, setting.default),
                "description": setting.doc,
                "value": value(setting.kind, text),
            });
            (setting.name.to_owned(), about)
        });
        arguments.pretty.print(&Value::Object(entries.collect::<Map<_, _>>()));
    } else {
        for (setting, value) in known() {
            println!("{} = {}", setting.name, normal(setting.kind, value));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn value(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Flag => Value::Bool(text == "true"),
        Kind::List => text.split_whitespace().collect::<Vec<_>>().into(),
        Kind::Number => parse_number(text).map_or_else(|| Value::from(text), Value::from),
        _ => text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from),
    }
}

/// A value in its plain form: numbers without suffixes.
fn normal(kind: Kind, text: &str) -> String {
    match value(kind, text) {
        Value::Number(number) => number.to_string(),
        _ => text.to_owned(),
    }
}
