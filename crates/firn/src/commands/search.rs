//! `firn search`: packages by name and description.

use std::process::ExitCode;

use clap::Args;
use firn_eval::Value;
use firn_search::index;
use firn_search::packages::{self, Package};
use serde_json::{Map, json};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, split_path};
use crate::lookup::{self, LookupArguments, Place, Question};
use crate::output;

/// Where to look, and what for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn search nginx                        # in the distribution that is built in
  firn search nixpkgs git 'frontend|gui'   # in a flake; all of the expressions must fit
  firn search nixpkgs#gnome vala           # below an attribute
  firn search . ^                          # everything")]
pub struct Arguments {
    /// A flake (the distribution that is built in when absent), then regular expressions; a package
    /// is shown when its attribute path, name or description contains all of them
    #[arg(value_names = ["[FLAKE] REGEX"], required = true)]
    words: Vec<String>,
    #[command(flatten)]
    looked: LookupArguments,
}

/// Searches.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let looked = &arguments.looked;
    let (question, mut evaluation) = looked.begin(&context, &arguments.words)?;
    let lines = if looked.is_flake() {
        in_flake(&context, &mut evaluation, &question.place)?
    } else {
        let found = evaluation.find(&question.place, &Lookup::nothing())?;
        let value = evaluation.value(&found)?;
        collect(&mut evaluation, &[(Vec::new(), value)])?
    };
    context.display.finish();
    let found = index::find_packages(&lines, &question.patterns);
    if looked.json.wanted {
        looked.json.print(&json(&found));
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        return Err(nothing_found(&question, &lines));
    }
    print(&question, &found);
    Ok(ExitCode::SUCCESS)
}

/// The index of a flake, where it can be kept.
fn in_flake(
    context: &Context,
    evaluation: &mut Evaluation<'_>,
    text: &str,
) -> Result<String, Failure> {
    let system = context.settings.text("system");
    let lookup = Lookup {
        defaults: vec![format!("packages.{system}"), format!("legacyPackages.{system}")],
        ..Lookup::packages(system)
    };
    Place::lines(evaluation, text, "packages", |place, evaluation| {
        let root = place.value(evaluation)?;
        let found = evaluation.all_in_flake(root, &place.fragment, &lookup, &place.reference)?;
        let roots: Vec<_> =
            found.into_iter().map(|(value, path)| (split_path(&path), value)).collect();
        collect(evaluation, &roots)
    })
}

fn collect(
    evaluation: &mut Evaluation<'_>,
    roots: &[(Vec<String>, Value)],
) -> Result<String, Failure> {
    let mut lines = String::new();
    for (path, value) in roots {
        let found = evaluation.run(|m| packages::collect(m, *value, path))?;
        lines += &index::packages_to_lines(&found);
    }
    Ok(lines)
}

fn json(found: &[Package]) -> serde_json::Value {
    let mut found: Vec<_> = found.iter().collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let entries = found.into_iter().map(|package| {
        let Package { path, name, version, description } = package;
        let value = json!({ "description": description, "pname": name, "version": version });
        (path.clone(), value)
    });
    entries.collect::<Map<_, _>>().into()
}

/// Nix manual, "nix search".
fn print(question: &Question, found: &[Package]) {
    const BOLD: &str = "\x1b[0;1m";
    const PLAIN: &str = "\x1b[0m";
    let styled = output::is_styled();
    for (index, package) in found.iter().enumerate() {
        let mut texts = [package.path.clone(), package.description.clone()];
        if styled {
            let places = question.patterns.places(&[&package.path, &package.description]);
            let path = lookup::highlighted(&package.path, &places[0], BOLD);
            texts[0] = format!("{BOLD}{path}{PLAIN}");
            texts[1] = lookup::highlighted(&package.description, &places[1], PLAIN);
        }
        if index > 0 {
            println!();
        }
        match package.version.as_str() {
            "" => println!("* {}", texts[0]),
            version => println!("* {} ({version})", texts[0]),
        }
        if !package.description.is_empty() {
            println!("  {}", texts[1]);
        }
    }
}

fn nothing_found(question: &Question, lines: &str) -> Failure {
    let names = |_: &str| {
        index::names(lines).filter_map(|path| path.rsplit('.').next()).collect::<Vec<_>>()
    };
    let near = lookup::nearest(&question.words, names);
    Failure::new(format!("error: no results for the given search term(s)!{near}"))
}
