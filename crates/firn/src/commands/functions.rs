//! `firn functions`: the functions of a library, by name, type and what is said of them.

use std::process::ExitCode;

use clap::Args;
use firn_eval::{Symbol, Value};
use firn_search::functions::{self, FunctionDoc};
use firn_search::index;
use serde_json::{Map, json};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup};
use crate::lookup::{self, LookupArguments, Place, Question};
use crate::output;

/// What a flake's library is called.
const LIBRARY: &str = "lib";

/// Where to look, and what for.
#[derive(Args)]
pub struct Arguments {
    /// A flake (the distribution that is built in when absent), then regular expressions; a function
    /// of its `lib` is shown when its name, type or description contains all of them
    #[arg(value_names = ["[FLAKE] REGEX"], required = true)]
    words: Vec<String>,
    /// Print a manual in Markdown, a chapter for each section of the library
    #[arg(long, conflicts_with = "json")]
    manual: bool,
    #[command(flatten)]
    looked: LookupArguments,
}

/// Searches.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let looked = &arguments.looked;
    let (question, mut evaluation) = looked.begin(&context, &arguments.words)?;
    let lines = if looked.is_flake() {
        in_flake(&mut evaluation, &question.place)?
    } else {
        let found = evaluation.find(&question.place, &Lookup::nothing())?;
        let value = evaluation.value(&found)?;
        collect(&mut evaluation, value)?
    };
    context.display.finish();
    let found = index::find_functions(&lines, &question.patterns);
    if looked.json.wanted {
        looked.json.print(&json(&found));
    } else if found.is_empty() {
        return Err(nothing_found(&question, &lines));
    } else if arguments.manual {
        print!("{}", manual(&found));
    } else {
        print(&question, &found);
    }
    Ok(ExitCode::SUCCESS)
}

/// The index of a flake's `lib`, or of the set that is named.
fn in_flake(evaluation: &mut Evaluation<'_>, text: &str) -> Result<String, Failure> {
    Place::lines(evaluation, text, "functions", |place, evaluation| {
        let flake = place.value(evaluation)?;
        let path = if place.fragment.is_empty() { LIBRARY } else { &place.fragment };
        let lookup = Lookup { prefixes: vec![LIBRARY.to_owned()], defaults: Vec::new() };
        let found = evaluation.in_flake(flake, path, &lookup, &place.reference)?;
        let mut functions = evaluation.run(|m| Ok(functions::collect(m, path, found.0)))?;
        let trees = place.trees(evaluation)?;
        functions.iter_mut().for_each(|function| function.place.shorten(&trees));
        Ok(index::functions_to_lines(&functions))
    })
}

/// The functions of a value, or of its `lib`.
fn collect(evaluation: &mut Evaluation<'_>, value: Value) -> Result<String, Failure> {
    let found = evaluation.run(|m| {
        let value = m.force(value)?;
        let library = value.as_attrs().and_then(|attrs| attrs.get(Symbol::of(LIBRARY)));
        Ok(functions::collect(m, LIBRARY, library.map_or(value, |slot| slot.get())))
    })?;
    Ok(index::functions_to_lines(&found))
}

fn json(found: &[FunctionDoc]) -> serde_json::Value {
    let entries = found.iter().map(|function| {
        let value = json!({
            "aliases": function.aliases,
            "description": function.description,
            "type": function.section("Type"),
            "example": function.section("Example"),
            "declared": function.place,
        });
        (function.name.clone(), value)
    });
    entries.collect::<Map<_, _>>().into()
}

fn print(question: &Question, found: &[FunctionDoc]) {
    const BOLD: &str = "\x1b[0;1m";
    let styled = output::is_styled();
    for (index, function) in found.iter().enumerate() {
        if index > 0 {
            println!();
        }
        let name = &function.name;
        if styled {
            let places = question.patterns.places(&[name]);
            println!("{BOLD}{}\x1b[0m", lookup::highlighted(name, &places[0], BOLD));
        } else {
            println!("{name}");
        }
        print!("{}", body(function));
    }
}

/// What stands below a function's name.
fn body(function: &FunctionDoc) -> String {
    let mut text = output::indented("  ", "  ", &function.summary());
    let mut field = |name: &str, value: &str| {
        text += &output::indented(&format!("  {name:<10}"), &" ".repeat(12), value);
    };
    if let Some(kind) = function.section("Type") {
        field("type", &kind);
    }
    if let Some(example) = function.section("Example") {
        field("example", &example);
    }
    if !function.aliases.is_empty() {
        field("also", &function.aliases.join(", "));
    }
    field("declared", &function.place.to_string());
    text
}

/// All of it as one text in Markdown.
fn manual(found: &[FunctionDoc]) -> String {
    let mut text = String::from("# Functions of the library\n");
    let mut chapter = "";
    for function in found {
        let section = function.name.rsplit_once('.').map_or(LIBRARY, |(section, _)| section);
        if section != chapter {
            chapter = section;
            text += &format!("\n## {section}\n");
        }
        // Headings of a comment are below the function's.
        let description = function.description.replace("\n# ", "\n#### ");
        text += &format!(
            "\n### {}\n\n{description}\n\nDeclared in `{}`.\n",
            function.name, function.place
        );
    }
    text
}

fn nothing_found(question: &Question, lines: &str) -> Failure {
    // A word without dots is the end of a name.
    let names = |word: &str| {
        let end = |name: &'_ str| name.rfind('.').map_or(0, |at| at + 1);
        let cut = |name| if word.contains('.') { name } else { &name[end(name)..] };
        index::names(lines).map(cut).collect()
    };
    let near = lookup::nearest(&question.words, names);
    Failure::new(format!("error: no function is described like that{near}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function() -> FunctionDoc {
        let place = firn_search::options::Place { file: "base/x.nix".to_owned(), line: Some(3) };
        FunctionDoc {
            name: "lib.lists.twice".to_owned(),
            aliases: vec!["lib.twice".to_owned()],
            description: "Doubles.\n\n# Type\ntwice :: Int -> Int\n\n# Example\ntwice 1\n=> 2"
                .to_owned(),
            place,
        }
    }

    #[test]
    fn functions_are_shown_whole() {
        let shown = "  Doubles.\n  type      twice :: Int -> Int\n  example   twice 1\n            => 2\n  also      lib.twice\n  declared  base/x.nix:3\n";
        assert_eq!(body(&function()), shown);
    }

    #[test]
    fn the_manual_has_a_chapter_for_each_section() {
        let shown = "# Functions of the library\n\n## lib.lists\n\n### lib.lists.twice\n\nDoubles.\n\n#### Type\ntwice :: Int -> Int\n\n#### Example\ntwice 1\n=> 2\n\nDeclared in `base/x.nix:3`.\n";
        assert_eq!(manual(&[function()]), shown);
    }
}
