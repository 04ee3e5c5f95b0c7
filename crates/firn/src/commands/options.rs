//! `firn options`: options of NixOS modules by name.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use firn_eval::{Attrs, Machine, Pos, R, Symbol, Value};
use firn_flake::reference::FlakeRef;
use firn_search::index;
use firn_search::options::{self, OptionDoc};
use firn_source::Origin;
use serde_json::{Map, json};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup};
use crate::lookup::{self, LookupArguments, Place, Question};
use crate::output;

/// Where to look, and what for.
#[derive(Args)]
#[command(after_help = "\
Examples:
  firn options services.nginx                           # in the distribution that is built in
  firn options nginx enable                             # all of the expressions must fit
  firn options . services.kiwix                         # of a flake's machine, or its modules
  firn options .#nixosConfigurations.web networking     # of one machine of a flake")]
pub struct Arguments {
    /// A flake or one of its machines (the distribution that is built in when absent), then regular
    /// expressions; an option is shown when its name contains all of them
    #[arg(value_names = ["[FLAKE] REGEX"], required = true)]
    words: Vec<String>,
    /// Look in descriptions too
    #[arg(short, long)]
    descriptions: bool,
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
        let found =
            evaluation.run(|m| options_of(m, value).map(|root| options::collect(m, root)))?;
        index::options_to_lines(&found)
    };
    context.display.finish();
    let found = index::find_options(&lines, &question.patterns, arguments.descriptions);
    if looked.json.wanted {
        looked.json.print(&json(&found)?);
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        return Err(nothing_found(&question, &lines, arguments.descriptions));
    }
    print(&question, &found);
    Ok(ExitCode::SUCCESS)
}

fn in_flake(
    context: &Context,
    evaluation: &mut Evaluation<'_>,
    text: &str,
) -> Result<String, Failure> {
    Place::lines(evaluation, text, "options", |place, evaluation| {
        let flake = place.value(evaluation)?;
        let root = if place.fragment.is_empty() {
            whole_flake(evaluation, flake, context.settings.text("system"))?
        } else {
            let lookup =
                Lookup { prefixes: vec!["nixosConfigurations".to_owned()], defaults: Vec::new() };
            let found = evaluation.in_flake(flake, &place.fragment, &lookup, &place.reference)?;
            evaluation.run(|m| options_of(m, found.0))?
        };
        let mut found = evaluation.run(|m| Ok(options::collect(m, root)))?;
        let trees = place.trees(evaluation)?;
        for place in found.iter_mut().flat_map(|option| &mut option.declarations) {
            place.shorten(&trees);
        }
        Ok(index::options_to_lines(&found))
    })
}

/// The options of a flake of which no machine is named.
fn whole_flake(
    evaluation: &mut Evaluation<'_>,
    flake: Value,
    system: &str,
) -> Result<Value, Failure> {
    let base = evaluation
        .flake(&FlakeRef { input: firn_fetch::input::Input::base(), subdir: String::new() })?;
    evaluation.run(|m| {
        let text = include_bytes!("options.nix");
        let function = m.eval_text(Origin::Builtin("options.nix"), text, "/")?;
        let system = m.string(system.as_bytes());
        m.call(function, &[flake, base, system], Pos::NONE)
    })
}

/// The options of a machine; a tree of options is taken as it is.
fn options_of(m: &mut Machine, value: Value) -> R<Value> {
    let value = m.force(value)?;
    let machine = value.as_attrs().filter(|attrs| has(*attrs, "config"));
    let options = machine.and_then(|attrs| attrs.get(Symbol::of("options")));
    Ok(options.map_or(value, |slot| slot.get()))
}

fn has(attrs: Attrs, name: &str) -> bool {
    attrs.get(Symbol::of(name)).is_some()
}

fn json(found: &[OptionDoc]) -> Result<serde_json::Value, Failure> {
    let mut sorted: Vec<_> = found.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut object = Map::new();
    for option in sorted {
        object.insert(option.name.clone(), json!(option));
    }
    Ok(object.into())
}

fn print(question: &Question, found: &[OptionDoc]) {
    const BOLD: &str = "\x1b[0;1m";
    let styled = output::is_styled();
    for (index, option) in found.iter().enumerate() {
        if index > 0 {
            println!();
        }
        if styled {
            let places = question.patterns.places(&[&option.name]);
            println!("{BOLD}{}\x1b[0m", lookup::highlighted(&option.name, &places[0], BOLD));
        } else {
            println!("{}", option.name);
        }
        print!("{}", body(option));
    }
}

/// What stands below an option's name.
fn body(option: &OptionDoc) -> String {
    let mut text = String::new();
    if let Some(description) = &option.description {
        text += &output::indented("  ", "  ", description);
    }
    let mut field = |name: &str, value: &str| {
        text += &output::indented(&format!("  {name:<10}"), &" ".repeat(12), value);
    };
    field("type", &option.kind);
    if let Some(default) = &option.default {
        field("default", default);
    }
    if let Some(example) = &option.example {
        field("example", example);
    }
    if option.read_only {
        field("note", "can be read, not set");
    }
    for place in &option.declarations {
        field("declared", &place.to_string());
    }
    text
}

fn nothing_found(question: &Question, lines: &str, descriptions: bool) -> Failure {
    let names: Vec<&str> = index::names(lines).collect();
    // A word of three parts may be the beginning of a name, or one of its ends.
    let parts = |word: &str| {
        let count = word.split('.').count();
        let mut parts = BTreeSet::new();
        for name in &names {
            let mut ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]);
            parts.extend(ends.nth(count - 1).map(|end| &name[..end]));
            parts.extend(name.rsplit('.').next().filter(|_| count == 1));
        }
        parts.into_iter().collect()
    };
    let mut message = "error: no option has a name like that".to_owned();
    message += &lookup::nearest(&question.words, parts);
    if !descriptions {
        let mentioned = index::find_options(lines, &question.patterns, true).len();
        if mentioned > 0 {
            message += &format!("\nhelp: '--descriptions' finds {mentioned} that mention it");
        }
    }
    Failure::new(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firn_search::options::Place;

    #[test]
    fn options_are_shown_whole() {
        let option = OptionDoc {
            kind: "list of string".to_owned(),
            description: Some("First.\n\nSecond.".to_owned()),
            default: Some("[\n  \"a\"\n]".to_owned()),
            declarations: vec![Place { file: "base/x.nix".to_owned(), line: Some(3) }],
            ..OptionDoc::default()
        };
        let shown = "  First.\n\n  Second.\n  type      list of string\n  default   [\n              \"a\"\n            ]\n  declared  base/x.nix:3\n";
        assert_eq!(body(&option), shown);
    }
}
