//! `firn flake show`: the outputs of a flake as a tree.

use std::process::ExitCode;

use clap::Args;
use firn_eval::print::attr_name;
use firn_eval::{Attrs, Entry, ErrorKind, Machine, Pos, R, Symbol, Value, sym};
use firn_flake::eval_cache::Answer;
use serde_json::{Map, json};

use super::reference;
use super::said::{Part, Said};
use crate::arguments::{GlobalArguments, JsonArguments};
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, SourceArguments};

/// What to show and how.
#[derive(Args)]
pub struct Arguments {
    /// The flake
    #[arg(default_value = ".")]
    flake: String,
    #[command(flatten)]
    json: JsonArguments,
    /// Show what is in legacyPackages
    #[arg(long)]
    legacy: bool,
    /// Show the outputs of all systems
    #[arg(long)]
    all_systems: bool,
    #[command(flatten)]
    source: SourceArguments,
}

/// Shows.
pub fn run(arguments: Arguments, global: &GlobalArguments) -> Result<ExitCode, Failure> {
    let context = Context::new(global)?;
    let mut evaluation = Evaluation::new(&context, &arguments.source)?;
    let flake = evaluation.outputs(&reference(&context, &arguments.flake)?)?;
    context.display.finish();
    let mut tree = Tree {
        system: context.settings.text("system"),
        style: Style { colored: crate::output::is_styled() },
        said: Said::new(&context, &arguments.json),
        lasts: true,
        arguments: &arguments,
    };
    let question = tree.question();
    let known = evaluation.known(&flake, &question, "")?;
    if known.and_then(|known| tree.said.say_again(&known.text)).is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    let value = evaluation.flake_value(&flake)?;
    let header = tree.style.bold(&flake.locked.flake.locked.to_string());
    let json = evaluation.run(|m| {
        let attrs = m.force_attrs(value, Pos::NONE, "while evaluating a flake")?;
        let outputs = m.required_attr(attrs, sym::OUTPUTS, "while evaluating a flake")?.get();
        tree.visit(m, outputs, &Node { path: Vec::new(), header, indent: String::new() })
    })?;
    if arguments.json.wanted {
        tree.said.say(Part::Json(json));
    }
    if tree.lasts {
        flake.keep(&question, "", Answer::plain(tree.said.to_text()));
    }
    Ok(ExitCode::SUCCESS)
}

/// How an output is shown.
enum Shape {
    /// A set whose entries are shown.
    Set,
    /// A derivation, of this system unless that is empty.
    Derivation,
    /// Derivations and sets of them.
    Jobs,
    /// Derivations, shown on request.
    Legacy,
    App,
    Template,
    /// Shown by a type and what it is called, without a look inside.
    Named(&'static str, &'static str),
}

/// How the output at a path is shown. Nix manual, "nix flake show".
fn shape(path: &[&str]) -> Shape {
    match path {
        [] => Shape::Set,
        ["legacyPackages"] => Shape::Set,
        ["legacyPackages", ..] => Shape::Legacy,
        ["hydraJobs", ..] => Shape::Jobs,
        [
            "defaultPackage"
            | "devShell"
            | "formatter"
            | "nixosConfigurations"
            | "nixosModules"
            | "defaultApp"
            | "templates"
            | "overlays",
        ] => Shape::Set,
        ["checks" | "packages" | "devShells" | "apps"]
        | ["checks" | "packages" | "devShells" | "apps", _] => Shape::Set,
        ["defaultPackage" | "devShell" | "formatter", _]
        | ["checks" | "packages" | "devShells", _, _] => Shape::Derivation,
        ["defaultApp", _] | ["apps", _, _] => Shape::App,
        ["defaultTemplate"] | ["templates", _] => Shape::Template,
        ["overlay"] | ["overlays", _] => Shape::Named("nixpkgs-overlay", "Nixpkgs overlay"),
        ["nixosConfigurations", _] => Shape::Named("nixos-configuration", "NixOS configuration"),
        ["nixosModule"] | ["nixosModules", _] => Shape::Named("nixos-module", "NixOS module"),
        _ => Shape::Named("unknown", "unknown"),
    }
}

/// What a derivation at a path is called.
fn role(path: &[&str]) -> &'static str {
    match path {
        ["devShell", _] | ["devShells", ..] => "development environment",
        ["checks", _, _] | ["hydraJobs", ..] => "derivation",
        _ => "package",
    }
}

struct Style {
    colored: bool,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.colored { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn warning(&self, text: &str) -> String {
        self.paint("35;1", text)
    }
}

struct Tree<'a> {
    system: &'a str,
    style: Style,
    said: Said<'a>,
    /// Whether nothing was left out for a reason that may pass, such as an interruption.
    lasts: bool,
    arguments: &'a Arguments,
}

/// A place in the tree.
struct Node<'a> {
    /// The attribute path.
    path: Vec<&'a str>,
    /// What begins its line.
    header: String,
    /// What begins the lines of its entries.
    indent: String,
}

impl Tree<'_> {
    /// What is asked of the flake, with all that decides how the tree looks.
    fn question(&self) -> String {
        let Arguments { json, legacy, all_systems, .. } = self.arguments;
        let (json, colored) = (json.wanted, self.style.colored);
        format!("tree {} {legacy} {all_systems} {json} {colored}", self.system)
    }

    /// Shows an output.
    fn visit(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        let result = self.shaped(m, value, at);
        match result {
            Err(raised) if at.path.first() == Some(&"legacyPackages") => {
                // What is in there may be broken, and nobody expects otherwise.
                let kind = m.take_error(raised).kind;
                let passes = [ErrorKind::Outside, ErrorKind::Interrupted, ErrorKind::StackOverflow];
                self.lasts &= !passes.contains(&kind);
                Ok(json!({}))
            }
            result => result,
        }
    }

    fn shaped(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        match shape(&at.path) {
            Shape::Set => self.set(m, value, at),
            Shape::Derivation => {
                if self.is_other_system(&at.path) {
                    return Ok(self.omitted(at, "use '--all-systems' to show"));
                }
                let value = m.force(value)?;
                if m.is_derivation(value)? {
                    return self.derivation(m, value, at);
                }
                let text = format!("{} is not a derivation", at.path.join("."));
                self.said.say(Part::Warning(text));
                Ok(json!({}))
            }
            Shape::Jobs => {
                let value = m.force(value)?;
                if m.is_derivation(value)? {
                    return self.derivation(m, value, at);
                }
                self.set(m, value, at)
            }
            Shape::Legacy => self.legacy(m, value, at),
            Shape::App => self.app(m, value, at),
            Shape::Template => {
                let attrs = m.force_attrs(value, Pos::NONE, "while evaluating a template")?;
                let what = "while evaluating the description of a template";
                let text = m.required_attr(attrs, sym::DESCRIPTION, what)?.get();
                let text = m.force_string(text, Pos::NONE, what)?.to_text().into_owned();
                self.line(&format!("{}: template: {}", at.header, self.style.bold(&text)));
                Ok(json!({ "description": text, "type": "template" }))
            }
            Shape::Named(kind, text) => {
                self.line(&format!("{}: {}", at.header, self.style.warning(text)));
                Ok(json!({ "type": kind }))
            }
        }
    }

    fn line(&mut self, text: &str) {
        if !self.arguments.json.wanted {
            self.said.say(Part::Line(text.to_owned()));
        }
    }

    fn is_other_system(&self, path: &[&str]) -> bool {
        !self.arguments.all_systems && path.get(1).is_some_and(|system| *system != self.system)
    }

    fn omitted(&mut self, at: &Node<'_>, help: &str) -> serde_json::Value {
        if self.arguments.json.wanted {
            let text = format!("{} omitted ({help})", at.path.join("."));
            self.said.say(Part::Warning(text));
        }
        self.line(&format!("{} {} ({help})", at.header, self.style.warning("omitted")));
        json!({})
    }

    fn set(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        let attrs = m.force_attrs(value, Pos::NONE, "while evaluating an output of a flake")?;
        self.line(&at.header);
        let mut entries = Vec::new();
        for entry in m.sorted(attrs).collect::<Vec<_>>() {
            if has_content(m, &entry, &at.path) {
                entries.push(entry);
            }
        }
        let mut json = Map::new();
        for (index, entry) in entries.iter().enumerate() {
            let last = index + 1 == entries.len();
            let (branch, below) =
                if last { ("└───", "    ") } else { ("├───", "│   ") };
            let name = entry.sym.text();
            let line = self.style.paint("32;1", &format!("{}{branch}", at.indent));
            let below = Node {
                path: at.path.iter().copied().chain([&*name]).collect(),
                header: format!("{line}{}", self.style.bold(&attr_name(entry.sym))),
                indent: format!("{}{below}", at.indent),
            };
            let child = self.visit(m, entry.value(), &below)?;
            json.insert(name.clone().into_owned(), child);
        }
        Ok(json.into())
    }

    fn legacy(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        if !self.arguments.legacy {
            return Ok(self.omitted(at, "use '--legacy' to show"));
        }
        if self.is_other_system(&at.path) {
            return Ok(self.omitted(at, "use '--all-systems' to show"));
        }
        let value = m.force(value)?;
        if m.is_derivation(value)? {
            return self.derivation(m, value, at);
        }
        if at.path.len() <= 2 { self.set(m, value, at) } else { Ok(json!({})) }
    }

    fn derivation(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        let attrs = m.force_attrs(value, Pos::NONE, "")?;
        let what = "while evaluating the name of a derivation";
        let name = m.required_attr(attrs, sym::NAME, what)?.get();
        let name = m.force_string(name, Pos::NONE, what)?.to_text().into_owned();
        if !self.arguments.json.wanted {
            self.line(&format!("{}: {} '{name}'", at.header, role(&at.path)));
            return Ok(json!({}));
        }
        let description = description(m, attrs)?.unwrap_or_default();
        Ok(json!({ "description": description, "name": name, "type": "derivation" }))
    }

    fn app(&mut self, m: &mut Machine, value: Value, at: &Node<'_>) -> R<serde_json::Value> {
        let attrs = m.force_attrs(value, Pos::NONE, "while evaluating an app")?;
        let description = description(m, attrs)?;
        let kind = match m.attr(attrs, Symbol::of("type"))? {
            Some(kind) => m.force_string(kind, Pos::NONE, "")?.to_text().into_owned(),
            None => String::new(),
        };
        if kind != "app" {
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, "not an app definition"));
        }
        let shown = description.as_deref().unwrap_or("no description");
        self.line(&format!("{}: app: {}", at.header, self.style.bold(shown)));
        Ok(match description {
            Some(text) => json!({ "description": text, "type": "app" }),
            None => json!({ "type": "app" }),
        })
    }
}

/// `meta.description`.
fn description(m: &mut Machine, attrs: Attrs) -> R<Option<String>> {
    let Some(meta) = m.attr(attrs, sym::META)?.and_then(|meta| meta.as_attrs()) else {
        return Ok(None);
    };
    let Some(text) = m.attr(meta, sym::DESCRIPTION)? else { return Ok(None) };
    Ok(Some(m.force_string(text, Pos::NONE, "")?.to_text().into_owned()))
}

/// Whether there is anything in an output: frameworks make empty sets that nobody wants to see.
/// Errors count as content, which shows them in their place.
fn has_content(m: &mut Machine, entry: &Entry, path: &[&str]) -> bool {
    let name = entry.sym.text();
    let path: Vec<&str> = path.iter().copied().chain([&*name]).collect();
    let is_set = matches!(
        path.as_slice(),
        ["apps" | "checks" | "devShells" | "legacyPackages" | "packages"]
            | ["apps" | "checks" | "devShells" | "legacyPackages" | "packages", _]
            | ["formatter" | "nixosConfigurations" | "nixosModules" | "overlays"]
    );
    if !is_set {
        return true;
    }
    match m.force_attrs(entry.value(), Pos::NONE, "") {
        Ok(attrs) => {
            let entries: Vec<_> = m.sorted(attrs).collect();
            entries.iter().any(|entry| has_content(m, entry, &path))
        }
        Err(raised) => {
            drop(m.take_error(raised));
            true
        }
    }
}
