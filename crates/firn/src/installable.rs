//! Installables: what a command line names, as a value or as something to build.
//!
//! `FLAKE#ATTR^OUTPUTS`, an attribute of a file (`--file`) or of an expression (`--expr`), or a store
//! path. Nix manual, "nix", "Installables".

use std::path::PathBuf;
use std::rc::Rc;

use clap::Args;
use firn_eval::{Attrs, ErrorKind, Machine, Pos, R, Symbol, Value};
use firn_flake::eval_cache::Answer;
use firn_flake::flakes::Flakes;
use firn_flake::locked::LockRequest;
use firn_flake::reference::FlakeRef;
use firn_formats::{OutputsSpec, split_extended_outputs};
use firn_source::Origin;
use firn_store::BuildMode;

use crate::arguments::{EvaluationArguments, LockingArguments};
use crate::context::Context;
use crate::evaluation::{self, Mode};
use crate::exit::Failure;
use crate::flake_outputs::FlakeOutputs;

/// Where attributes are looked up, when not in flakes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Options that choose what to work on")]
pub struct SourceArguments {
    /// Take attributes of the expression in this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "expr")]
    pub file: Option<String>,
    /// Take attributes of this expression
    #[arg(long, value_name = "EXPR")]
    pub expr: Option<String>,
    /// Read installables from standard input too
    #[arg(long)]
    pub stdin: bool,
    #[command(flatten)]
    evaluation: EvaluationArguments,
    /// What may happen to the lock file
    #[command(flatten)]
    pub locking: LockingArguments,
}

impl SourceArguments {
    /// Search path entries of the command line, the strongest first.
    pub fn includes(&self) -> &[String] {
        &self.evaluation.includes
    }

    /// What makes a set of `--arg` and `--argstr`; relative paths start from `folder`.
    pub fn arguments(&self, folder: &str) -> impl FnOnce(&mut Machine) -> R<Attrs> + use<> {
        let (evaluation, folder) = (self.evaluation.clone(), folder.to_owned());
        move |m| {
            let mut entries = Vec::new();
            for pair in evaluation.args.chunks_exact(2) {
                let value = m.eval_text(Origin::String, pair[1].as_bytes(), &folder)?;
                entries.push((Symbol::of(&pair[0]), value));
            }
            for pair in evaluation.argstrs.chunks_exact(2) {
                entries.push((Symbol::of(&pair[0]), m.string(pair[1].as_bytes())));
            }
            for pair in evaluation.arg_from_file.chunks_exact(2) {
                let path = PathBuf::from(&folder).join(&pair[1]);
                let text = std::fs::read(&path);
                let text = text.map_err(|error| unreadable(m, &path.to_string_lossy(), &error))?;
                entries.push((Symbol::of(&pair[0]), m.string(&text)));
            }
            if let Some(name) = &evaluation.arg_from_stdin {
                let mut text = Vec::new();
                let read = std::io::Read::read_to_end(&mut std::io::stdin(), &mut text);
                read.map_err(|error| unreadable(m, "standard input", &error))?;
                entries.push((Symbol::of(name), m.string(&text)));
            }
            let set = m.attrs_of(&entries);
            m.force_attrs(set, Pos::NONE, "")
        }
    }
}

fn unreadable(m: &mut Machine, what: &str, error: &std::io::Error) -> firn_eval::Raised {
    m.fail(ErrorKind::Outside, Pos::NONE, format!("cannot read '{what}': {error}"))
}

/// Evaluates installables; one machine for all of them.
pub struct Evaluation<'c> {
    context: &'c Context,
    source: &'c SourceArguments,
    /// The flakes of this run.
    pub flakes: Rc<Flakes>,
    read_only: bool,
    /// Made when it is first needed: the first flake may change settings.
    machine: Option<Machine>,
}

/// What an installable names. Of an attribute of a flake it is known that it is there, and the value
/// need not be known.
pub struct Found {
    place: Where,
    /// The attribute path, for messages.
    pub path: String,
    /// The outputs asked for with `^`.
    pub outputs: Option<OutputsSpec>,
}

enum Where {
    /// A value, not forced.
    Value(Value),
    /// The attribute of a flake at the path.
    Flake(Rc<FlakeOutputs>),
}

impl Found {
    /// A value with the path that messages call it by.
    pub fn value(value: Value, path: String) -> Self {
        Found { place: Where::Value(value), path, outputs: None }
    }

    /// An attribute that a flake has.
    pub fn in_flake(flake: Rc<FlakeOutputs>, path: String) -> Self {
        Found { place: Where::Flake(flake), path, outputs: None }
    }

    /// Keeps the answer to a question about it for the next time.
    pub fn keep(&self, question: &str, answer: Answer) {
        if let Where::Flake(flake) = &self.place {
            flake.keep(question, &self.path, answer);
        }
    }
}

/// Where an attribute path of a flake is looked for.
pub struct Lookup {
    /// Tried first: the path appended to each of these.
    pub prefixes: Vec<String>,
    /// Taken when no path is given.
    pub defaults: Vec<String>,
}

impl Lookup {
    /// For attributes as they are written.
    pub fn nothing() -> Self {
        Lookup { prefixes: Vec::new(), defaults: Vec::new() }
    }

    /// For packages: `build`, `run`, `shell`.
    pub fn packages(system: &str) -> Self {
        Lookup {
            prefixes: vec![format!("packages.{system}"), format!("legacyPackages.{system}")],
            defaults: vec![
                format!("packages.{system}.default"),
                format!("defaultPackage.{system}"),
            ],
        }
    }
}

impl SourceArguments {
    /// The same, with inputs of flakes as these have them.
    pub fn without_overrides(&self) -> Self {
        SourceArguments { locking: self.locking.without_overrides(), ..self.clone() }
    }

    /// How what is needed is built.
    pub fn mode(&self) -> BuildMode {
        if self.evaluation.repair { BuildMode::Repair } else { BuildMode::Normal }
    }

    /// For commands that work on flakes only.
    pub fn of_flakes(evaluation: EvaluationArguments, locking: LockingArguments) -> Self {
        SourceArguments { evaluation, locking, ..Self::default() }
    }

    /// Whether installables are attributes of flakes.
    pub fn is_flake(&self) -> bool {
        self.file.is_none() && self.expr.is_none()
    }

    /// Whether evaluation sees locked sources alone; files on disk are none (Nix manual, "nix",
    /// "Options that change the interpretation of installables").
    fn is_pure(&self) -> bool {
        self.file.is_none() && !self.evaluation.impure
    }
}

impl Lookup {
    /// The attribute paths that a fragment may mean, in the order in which they are tried.
    pub fn candidates(&self, fragment: &str) -> Vec<String> {
        if let Some(absolute) = fragment.strip_prefix('.') {
            return vec![absolute.to_owned()];
        }
        if fragment.is_empty() {
            return self.defaults.clone();
        }
        let below = self.prefixes.iter().map(|prefix| format!("{prefix}.{fragment}"));
        below.chain([fragment.to_owned()]).collect()
    }
}

impl<'c> Evaluation<'c> {
    /// A machine for the arguments.
    pub fn new(context: &'c Context, source: &'c SourceArguments) -> Result<Self, Failure> {
        Self::with(context, source, false)
    }

    /// A machine that adds no derivations to the store, for what is only looked at.
    pub fn reading(context: &'c Context, source: &'c SourceArguments) -> Result<Self, Failure> {
        Self::with(context, source, true)
    }

    fn with(
        context: &'c Context,
        source: &'c SourceArguments,
        read_only: bool,
    ) -> Result<Self, Failure> {
        let asked_for = context.settings.origin("pure-eval") == firn_settings::Origin::CommandLine;
        if source.file.is_some() && asked_for && context.settings.flag("pure-eval") {
            return Err(Failure::new("error: '--file' is not compatible with '--pure-eval'"));
        }
        let flakes = source.locking.flakes(context)?;
        Ok(Evaluation { context, source, flakes, read_only, machine: None })
    }

    /// What the machine was made from.
    pub fn context(&self) -> &'c Context {
        self.context
    }

    /// Whether the result depends on locked sources alone.
    pub fn is_pure(&self) -> bool {
        self.source.is_pure()
    }

    /// Whether nothing is added to the store.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// How much evaluation may see and do.
    pub(crate) fn mode(&self) -> Mode {
        let includes = self.source.evaluation.includes.clone();
        Mode { pure: self.is_pure(), read_only: self.read_only, includes }
    }

    /// Whether installables are attributes of flakes.
    pub fn is_flake(&self) -> bool {
        self.source.is_flake()
    }

    /// What is asked of the lock file.
    pub fn locking(&self) -> Result<LockRequest, Failure> {
        self.source.locking.request(self.context)
    }

    /// Runs something in the machine.
    pub fn run<T>(&mut self, work: impl FnOnce(&mut Machine) -> R<T>) -> Result<T, Failure> {
        if self.machine.is_none() {
            let mode = self.mode();
            self.machine = Some(evaluation::machine(self.context, &self.flakes, &mode)?);
        }
        match &mut self.machine {
            Some(machine) => evaluation::run(self.context, machine, work),
            None => Err(Failure::new("error: there is nothing that evaluates")),
        }
    }

    /// The value of an installable.
    pub fn find(&mut self, text: &str, lookup: &Lookup) -> Result<Found, Failure> {
        let (text, outputs) = split_extended_outputs(text)?;
        if self.source.file.is_some() || self.source.expr.is_some() {
            let root = self.root_of_source()?;
            let path = if text == "." { "" } else { text };
            let arguments = self.arguments()?;
            let value = self.run(|m| m.select_auto(root, path, arguments))?;
            return Ok(Found { outputs, ..Found::value(value, path.to_owned()) });
        }
        Ok(Found { outputs, ..self.find_in_flake(text, lookup)? })
    }

    /// The value of an attribute of a flake, also where installables are attributes of a file.
    ///
    /// # Errors
    /// The flake can't be evaluated or lacks it.
    pub fn find_in_flake(&mut self, text: &str, lookup: &Lookup) -> Result<Found, Failure> {
        let (reference, fragment) = self.context.flake_reference(text)?;
        let flake = self.outputs(&reference)?;
        self.find_in(&flake, &fragment, lookup)
    }

    /// The value of what was found, not forced.
    ///
    /// # Errors
    /// The flake can't be evaluated.
    pub fn value(&mut self, found: &Found) -> Result<Value, Failure> {
        match &found.place {
            Where::Value(value) => Ok(*value),
            Where::Flake(flake) => self.select(flake, &found.path)?.ok_or_else(|| {
                Failure::new(missing(&flake.reference, std::slice::from_ref(&found.path)))
            }),
        }
    }

    /// The answer to a question about what was found, if it is known without evaluating.
    ///
    /// # Errors
    /// The store can't be opened.
    pub fn answer(&self, found: &Found, question: &str) -> Result<Option<Answer>, Failure> {
        match &found.place {
            Where::Value(_) => Ok(None),
            Where::Flake(flake) => self.known(flake, question, &found.path),
        }
    }

    /// The value of a flake.
    pub fn flake(&mut self, reference: &FlakeRef) -> Result<Value, Failure> {
        let flake = self.outputs(reference)?;
        self.flake_value(&flake)
    }

    /// The value of the file or expression.
    pub fn root_of_source(&mut self) -> Result<Value, Failure> {
        let folder = self.context.current_folder()?.to_string_lossy().into_owned();
        let (file, expr) = (self.source.file.clone(), self.source.expr.clone());
        let root = self.run(|m| match (file.as_deref(), expr) {
            (_, Some(expr)) => m.eval_text(Origin::String, expr.as_bytes(), &folder),
            (Some("-"), _) => {
                let text = std::io::read_to_string(std::io::stdin()).unwrap_or_default();
                m.eval_text(Origin::Stdin, text.as_bytes(), &folder)
            }
            (Some(file), _) => {
                let path = PathBuf::from(&folder).join(file);
                let path = firn_eval::paths::canonical(path.to_string_lossy().as_bytes());
                m.eval_file(&path, Pos::NONE)
            }
            (None, None) => Ok(Value::NULL),
        })?;
        self.auto_call(root)
    }

    /// Calls a function whose parameters all have defaults or are given by `--arg`.
    pub fn auto_call(&mut self, value: Value) -> Result<Value, Failure> {
        let arguments = self.arguments()?;
        self.run(|m| m.call_auto(value, arguments))
    }

    /// `--arg` and `--argstr` as a set.
    pub fn arguments(&mut self) -> Result<Attrs, Failure> {
        let folder = self.context.current_folder()?.to_string_lossy().into_owned();
        let arguments = self.source.arguments(&folder);
        self.run(arguments)
    }

    /// Looks a fragment up in a flake's outputs: the first place that has it.
    pub fn in_flake(
        &mut self,
        root: Value,
        fragment: &str,
        lookup: &Lookup,
        reference: &FlakeRef,
    ) -> Result<(Value, String), Failure> {
        let candidates = lookup.candidates(fragment);
        for candidate in &candidates {
            let found = self.run(|m| try_select(m, root, &split_path(candidate)))?;
            if let Some(value) = found {
                return Ok((value, candidate.clone()));
            }
        }
        Err(self.not_provided(root, fragment, lookup, reference))
    }

    /// Looks a fragment up in a flake's outputs: all places that have it.
    pub fn all_in_flake(
        &mut self,
        root: Value,
        fragment: &str,
        lookup: &Lookup,
        reference: &FlakeRef,
    ) -> Result<Vec<(Value, String)>, Failure> {
        let mut found = Vec::new();
        for candidate in lookup.candidates(fragment) {
            let value = self.run(|m| try_select(m, root, &split_path(&candidate)))?;
            found.extend(value.map(|value| (value, candidate)));
        }
        if found.is_empty() {
            return Err(self.not_provided(root, fragment, lookup, reference));
        }
        Ok(found)
    }

    /// What to say of a fragment that a flake has nowhere, with what may be meant.
    pub(crate) fn not_provided(
        &mut self,
        root: Value,
        fragment: &str,
        lookup: &Lookup,
        reference: &FlakeRef,
    ) -> Failure {
        let mut message = missing(reference, &lookup.candidates(fragment));
        let nearest = self.nearest(root, fragment, lookup).unwrap_or_default();
        if let Some((last, first)) = nearest.split_last() {
            message += &match first {
                [] => format!("\n       Did you mean {last}?"),
                first => format!("\n       Did you mean one of {} or {last}?", first.join(", ")),
            };
        }
        if fragment.is_empty() {
            message += &self.offer(root).unwrap_or_default();
        }
        Failure::new(message)
    }

    /// The attributes with the nearest names where the fragment was looked for.
    fn nearest(&mut self, root: Value, fragment: &str, lookup: &Lookup) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for prefix in &lookup.prefixes {
            let found = self.run(|m| {
                let Some(set) = try_select(m, root, &split_path(prefix))? else {
                    return Ok(Vec::new());
                };
                let set = m.force(set)?;
                let Some(attrs) = set.as_attrs() else { return Ok(Vec::new()) };
                Ok(m.sorted(attrs).map(|entry| entry.sym).collect::<Vec<_>>())
            });
            names.extend(found.ok()?);
        }
        // What stands for a package that a set lacks is of no help.
        let mut ranked = firn_eval::suggest::ranked(names, Symbol::of(fragment));
        ranked.dedup();
        let there = ranked.into_iter().filter(|name| !self.is_lacking(root, name, lookup));
        Some(there.take(5).collect())
    }

    fn is_lacking(&mut self, root: Value, name: &str, lookup: &Lookup) -> bool {
        lookup.prefixes.iter().any(|prefix| {
            let mut path = split_path(prefix);
            path.extend([name.to_owned(), "isLacking".to_owned()]);
            let found = self.run(|m| {
                let Some(value) = try_select(m, root, &path)? else { return Ok(false) };
                Ok(m.force(value)?.as_bool() == Some(true))
            });
            found.unwrap_or(false)
        })
    }

    /// What a flake has, for who asked for its default and found none.
    fn offer(&mut self, root: Value) -> Option<String> {
        let names = self.run(|m| {
            let root = m.force(root)?;
            let Some(attrs) = root.as_attrs() else { return Ok(Vec::new()) };
            Ok(m.sorted(attrs).map(|entry| entry.sym.to_string()).collect::<Vec<_>>())
        });
        let own = [
            "_type",
            "inputs",
            "lastModified",
            "lastModifiedDate",
            "narHash",
            "outPath",
            "outputs",
        ];
        let own = [
            &own[..],
            &[
                "rev",
                "revCount",
                "shortRev",
                "dirtyRev",
                "dirtyShortRev",
                "sourceInfo",
                "submodules",
            ],
        ]
        .concat();
        let names: Vec<_> =
            names.ok()?.into_iter().filter(|name| !own.contains(&name.as_str())).collect();
        let checks = if names.iter().any(|name| name == "checks") {
            ", and 'firn flake check' builds its checks"
        } else {
            ""
        };
        (!names.is_empty()).then(|| {
            format!(
                "\nhelp: it provides {}; 'firn flake show' lists them{checks}",
                names.join(", ")
            )
        })
    }
}

/// What to say when a flake has none of these attributes.
pub fn missing(reference: &FlakeRef, candidates: &[String]) -> String {
    let list: Vec<_> = candidates.iter().map(|path| format!("'{path}'")).collect();
    let list = match list.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => list.concat(),
    };
    format!("error: flake '{reference}' does not provide attribute {list}")
}

/// Splits an attribute path at dots; parts may be quoted.
pub fn split_path(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut current = String::new();
    let mut quoted = false;
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut current)),
            c => current.push(c),
        }
    }
    if !current.is_empty() {
        parts.push(current);
    }
    parts
}

/// The value at a path, if it is there.
pub fn try_select(m: &mut Machine, root: Value, path: &[String]) -> R<Option<Value>> {
    let mut value = root;
    for name in path {
        value = m.force(value)?;
        value = match (value.as_attrs(), value.as_list(), name.parse::<usize>()) {
            (Some(attrs), _, _) => match attrs.get(Symbol::of(name)) {
                Some(slot) => slot.get(),
                None => return Ok(None),
            },
            (_, Some(list), Ok(index)) if index < list.len() => list.get(index),
            _ => return Ok(None),
        };
    }
    Ok(Some(value))
}

/// An error of inputs and flakes as the program's.
pub fn input_failure(error: firn_fetch::input::InputError) -> Failure {
    // The status of hash mismatches: Nix manual, "nix-build", "Special exit codes for build failure".
    let status = if error.mismatch { 102 } else { 1 };
    Failure::new(format!("error: {}", error.message)).with_status(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_paths_have_quoted_parts() {
        assert_eq!(split_path(r#"a."b.c".d"#), ["a", "b.c", "d"]);
        assert!(split_path("").is_empty());
    }

    #[test]
    fn fragments_are_looked_up_in_order() {
        let lookup = Lookup::packages("x");
        assert_eq!(lookup.candidates(""), ["packages.x.default", "defaultPackage.x"]);
        assert_eq!(lookup.candidates("a"), ["packages.x.a", "legacyPackages.x.a", "a"]);
        assert_eq!(lookup.candidates(".a"), ["a"]);
    }
}
