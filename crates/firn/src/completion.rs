//! What could be written next, for shells. The protocol is the reference's: the shell puts the number
//! of the word that is being written into `NIX_GET_COMPLETIONS` and runs the command line as it is; the
//! answer is a line with the kind of words (`normal`, `filenames`, `attrs`), then lines of a word, a
//! tab and what it means.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::{Arg, Command};
use firn_eval::Value;
use firn_flake::locking::FlakeSource;
use serde_json::{Map, Value as Json, json};

use crate::arguments::GlobalArguments;
use crate::context::Context;
use crate::exit::Failure;
use crate::installable::{Evaluation, Lookup, SourceArguments, split_path, try_select};
use crate::progress::Verbosity;

/// The number of the word that a shell wants completed.
pub fn wanted() -> Option<usize> {
    std::env::var("NIX_GET_COMPLETIONS").ok()?.parse().ok()
}

/// Prints the completions of a word.
///
/// # Errors
/// None: what can't be found out has no completions.
pub fn run(mut root: Command, arguments: &[OsString], word: usize) -> Result<ExitCode, Failure> {
    root.build();
    let mut words: Vec<String> =
        arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    words.resize(words.len().max(word + 1), String::new());
    let line = Line::read(&root, &words, word);
    let (kind, found) = firn_eval::stack::run(|| line.complete())?;
    println!("{kind}");
    for (word, meaning) in found {
        println!("{word}\t{meaning}");
    }
    Ok(ExitCode::SUCCESS)
}

type Found = (&'static str, BTreeMap<String, String>);

/// The command line up to the word, and what else it says.
struct Line<'a> {
    command: &'a Command,
    /// The word so far.
    word: &'a str,
    slot: Slot<'a>,
    /// What could be flakes, also after the word.
    flakes: Vec<&'a str>,
    source: SourceArguments,
}

/// What stands in the word's place.
enum Slot<'a> {
    /// A flag, a sub-command, or the positional argument of this number.
    Free(usize),
    /// A value of a flag, with its number.
    Value(&'a Arg, usize),
}

/// What a word can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Installable,
    Flake,
    Input,
    Setting,
    Files,
    Other,
}

impl<'a> Line<'a> {
    fn read(root: &'a Command, words: &'a [String], word: usize) -> Self {
        let mut line = Line {
            command: root,
            word: &words[word],
            slot: Slot::Free(0),
            flakes: Vec::new(),
            source: SourceArguments::default(),
        };
        let (mut number, mut positionals) = (1, 0);
        while number < words.len() {
            let text = words[number].as_str();
            if number == word {
                line.slot = Slot::Free(positionals);
                number += 1;
                continue;
            }
            if let Some(flag) = line.flag(text) {
                number = line.take_values(flag, words, number, word);
                continue;
            }
            match line.command.find_subcommand(text) {
                Some(command) if positionals == 0 && number < word => line.command = command,
                _ => {
                    if line.positional(positionals) != Meaning::Input {
                        line.flakes.push(text);
                    }
                    positionals += 1;
                }
            }
            number += 1;
        }
        line
    }

    /// Takes the values of the flag at `number`; the number of the word after them.
    fn take_values(
        &mut self,
        flag: &'a Arg,
        words: &'a [String],
        number: usize,
        word: usize,
    ) -> usize {
        let count = if flag.get_action().takes_values() {
            flag.get_num_args().map_or(1, |range| range.min_values())
        } else {
            0
        };
        let values = &words[words.len().min(number + 1)..words.len().min(number + 1 + count)];
        for (index, value) in values.iter().enumerate() {
            match flag.get_id().as_str() {
                _ if number + 1 + index == word => self.slot = Slot::Value(flag, index),
                "file" => self.source.file = Some(value.clone()),
                "expr" => self.source.expr = Some(value.clone()),
                "flake" => self.flakes.push(value),
                _ => {}
            }
        }
        number + 1 + count
    }

    fn flag(&self, text: &str) -> Option<&'a Arg> {
        let mut flags = self.command.get_arguments().filter(|arg| !arg.is_positional());
        if let Some(name) = text.strip_prefix("--") {
            return flags.find(|arg| {
                arg.get_long_and_visible_aliases().is_some_and(|names| names.contains(&name))
            });
        }
        let mut letters = text.strip_prefix('-')?.chars();
        let (letter, None) = (letters.next()?, letters.next()) else { return None };
        flags.find(|arg| arg.get_short() == Some(letter))
    }

    fn positional(&self, number: usize) -> Meaning {
        let mut all = self.command.get_positionals();
        match all.nth(number).or_else(|| self.command.get_positionals().last()) {
            Some(arg) => meaning(arg, 0),
            None => Meaning::Other,
        }
    }

    fn complete(&self) -> Found {
        match self.slot {
            Slot::Value(flag, index) => self.values(flag, index),
            Slot::Free(_) if self.word.starts_with('-') => ("normal", self.flags()),
            Slot::Free(0) if self.command.has_subcommands() => ("normal", self.sub_commands()),
            Slot::Free(number) => {
                let arg = self.command.get_positionals().nth(number);
                let arg = arg.or_else(|| self.command.get_positionals().last());
                arg.map_or_else(|| ("normal", BTreeMap::new()), |arg| self.values(arg, 0))
            }
        }
    }

    fn sub_commands(&self) -> BTreeMap<String, String> {
        let known = self.command.get_subcommands().filter(|sub| !sub.is_hide_set());
        known
            .filter(|sub| sub.get_name().starts_with(self.word))
            .map(|sub| (sub.get_name().to_owned(), String::new()))
            .collect()
    }

    fn flags(&self) -> BTreeMap<String, String> {
        let all = self.command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg)));
        all.map(|(long, arg)| (format!("--{long}"), arg))
            .filter(|(flag, _)| flag.starts_with(self.word))
            .map(|(flag, arg)| (flag, arg.get_help().map(ToString::to_string).unwrap_or_default()))
            .collect()
    }

    fn values(&self, arg: &Arg, index: usize) -> Found {
        let possible = arg.get_possible_values();
        if !possible.is_empty() {
            let names = possible.iter().map(|value| value.get_name());
            let fitting = names.filter(|name| name.starts_with(self.word));
            return ("normal", fitting.map(|name| (name.to_owned(), String::new())).collect());
        }
        match meaning(arg, index) {
            Meaning::Installable => self.installables(),
            Meaning::Flake => flakes(self.word),
            Meaning::Input => ("normal", self.inputs().unwrap_or_default()),
            Meaning::Setting => ("normal", settings(self.word)),
            Meaning::Files => ("filenames", files(self.word, false)),
            Meaning::Other => ("normal", BTreeMap::new()),
        }
    }

    fn installables(&self) -> Found {
        if !self.source.is_flake() {
            return ("attrs", self.attributes(None, self.word).unwrap_or_default());
        }
        match self.word.split_once('#') {
            Some((flake, path)) => {
                ("attrs", self.attributes(Some(flake), path).unwrap_or_default())
            }
            None => flakes(self.word),
        }
    }

    /// The attribute paths that go on from `path`, of a flake or of the file or expression.
    fn attributes(
        &self,
        flake: Option<&str>,
        path: &str,
    ) -> Result<BTreeMap<String, String>, Failure> {
        let context = quiet_context()?;
        let mut evaluation = Evaluation::reading(&context, &self.source)?;
        let (root, prefixes) = match flake {
            None => (evaluation.root_of_source()?, vec![String::new()]),
            Some(flake) => {
                let (reference, _) = context.flake_reference(&with_home(flake))?;
                let lookup = Lookup::packages(context.settings.text("system"));
                let prefixes = lookup.prefixes.into_iter().chain([String::new()]).collect();
                (evaluation.flake(&reference)?, prefixes)
            }
        };
        let (above, begun) = path.rsplit_once('.').unwrap_or(("", path));
        let begin = flake.map(|flake| format!("{flake}#")).unwrap_or_default();
        let mut found = BTreeMap::new();
        for prefix in &prefixes {
            let place: Vec<_> = [split_path(prefix), split_path(above)].concat();
            // What fails to evaluate has nothing in it.
            for name in names(&mut evaluation, root, &place).unwrap_or_default() {
                if name.starts_with(begun) {
                    let above = if above.is_empty() { String::new() } else { format!("{above}.") };
                    found.insert(format!("{begin}{above}{name}"), String::new());
                }
            }
        }
        Ok(found)
    }

    /// The names of the flakes' inputs.
    fn inputs(&self) -> Result<BTreeMap<String, String>, Failure> {
        let context = quiet_context()?;
        let flakes = context.flakes()?;
        let here = [".".to_owned()];
        let named: Vec<String> = self.flakes.iter().map(|flake| with_home(flake)).collect();
        let mut found = BTreeMap::new();
        for flake in if named.is_empty() { &here[..] } else { &named } {
            let Ok((reference, _)) = context.flake_reference(flake) else { continue };
            if let Ok(flake) = flakes.fetch_flake(&reference, false, &[]) {
                let names = flake.file.inputs.into_keys();
                found.extend(
                    names
                        .filter(|name| name.starts_with(self.word))
                        .map(|name| (name, String::new())),
                );
            }
        }
        Ok(found)
    }
}

/// What the values of an argument are, by its names.
fn meaning(arg: &Arg, index: usize) -> Meaning {
    let name = arg.get_value_names().and_then(|names| names.get(index)).map(|name| name.as_str());
    match (arg.get_id().as_str(), name.unwrap_or_default()) {
        ("override_input", _) if index == 0 => Meaning::Input,
        ("update_input" | "inputs", _) => Meaning::Input,
        ("option", _) if index == 0 => Meaning::Setting,
        ("installable" | "installables" | "package" | "dependency" | "test" | "tests", _) => {
            Meaning::Installable
        }
        (
            "override_input" | "override_flake" | "flake" | "words" | "references" | "from" | "to",
            _,
        )
        | (_, "FLAKE") => Meaning::Flake,
        ("paths" | "path" | "folder" | "files" | "things" | "dest", _)
        | (_, "PATH" | "FILE" | "STORE") => Meaning::Files,
        _ => Meaning::Other,
    }
}

/// Nothing is said on standard error.
fn quiet_context() -> Result<Context, Failure> {
    let mut global = GlobalArguments::default();
    global.verbosity = Verbosity { quiet: true, ..Verbosity::default() };
    Context::new(&global)
}

fn names(evaluation: &mut Evaluation<'_>, root: Value, place: &[String]) -> Option<Vec<String>> {
    let found = evaluation.run(|m| {
        let Some(set) = try_select(m, root, place)? else { return Ok(Vec::new()) };
        let set = m.force(set)?;
        let Some(attrs) = set.as_attrs() else { return Ok(Vec::new()) };
        Ok(m.sorted(attrs).map(|entry| entry.sym.text().into_owned()).collect())
    });
    found.ok()
}

/// Settings by the beginning of their names.
fn settings(word: &str) -> BTreeMap<String, String> {
    let fitting = firn_settings::DECLARED.iter().filter(|setting| setting.name.starts_with(word));
    fitting
        .map(|setting| {
            let about = setting.doc.split(". ").next().unwrap_or_default();
            (setting.name.to_owned(), about.replace('\n', " "))
        })
        .collect()
}

/// Flake references: folders, and names of registries.
fn flakes(word: &str) -> Found {
    let mut found = files(word, true);
    if word.is_empty() {
        found.insert(".".to_owned(), String::new());
    }
    if !word.starts_with(['.', '/', '~']) {
        found.extend(
            registered(word).unwrap_or_default().into_iter().map(|name| (name, String::new())),
        );
    }
    ("filenames", found)
}

fn registered(word: &str) -> Result<Vec<String>, Failure> {
    let context = quiet_context()?;
    let registries = context.registries()?;
    let entries = registries.flags.entries.iter();
    let entries = entries.chain(registries.local.iter().flat_map(|registry| &registry.entries));
    let names = entries.map(firn_flake::registry::entry_name).chain(["base".to_owned()]);
    let short = names.map(|name| name.strip_prefix("flake:").map(str::to_owned).unwrap_or(name));
    Ok(short.filter(|name| name.starts_with(word)).collect())
}

/// What is in the folder that a word leads to.
fn files(word: &str, folders_only: bool) -> BTreeMap<String, String> {
    let (folder, begun) = match word.rfind('/') {
        Some(end) => word.split_at(end + 1),
        None => ("", word),
    };
    let place = with_home(folder);
    let place = if place.is_empty() { Path::new(".") } else { Path::new(&place) };
    let Ok(entries) = std::fs::read_dir(place) else { return BTreeMap::new() };
    entries
        .flatten()
        .filter(|entry| !folders_only || entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| {
            name.starts_with(begun) && (!name.starts_with('.') || begun.starts_with('.'))
        })
        .map(|name| (format!("{folder}{name}"), String::new()))
        .collect()
}

/// `~/` as the home of this user: shells leave it in words that they complete.
fn with_home(text: &str) -> String {
    match (text.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => text.to_owned(),
    }
}

/// All commands with their flags as JSON, for tools that make completions or pages of them
/// (`nix __dump-cli`).
pub fn dump(root: &mut Command) -> Json {
    root.build();
    json!({ "args": described(root) })
}

fn described(command: &Command) -> Json {
    let mut out = Map::new();
    out.insert("description".into(), command.get_about().map(ToString::to_string).into());
    let shown: Vec<_> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let flags = shown.iter().filter_map(|arg| {
        let about = json!({
            "description": arg.get_help().map(ToString::to_string),
            "shortName": arg.get_short().map(String::from),
            "labels": labels(arg),
        });
        Some((arg.get_long()?.to_owned(), about))
    });
    out.insert("flags".into(), flags.collect::<Map<_, _>>().into());
    let args = shown.iter().filter(|arg| arg.is_positional());
    let args = args
        .map(|arg| json!({ "label": arg.get_id().as_str(), "optional": !arg.is_required_set() }));
    out.insert("args".into(), args.collect::<Vec<_>>().into());
    if command.has_subcommands() {
        let commands =
            command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
        let commands = commands.map(|sub| (sub.get_name().to_owned(), described(sub)));
        out.insert("commands".into(), commands.collect::<Map<_, _>>().into());
    }
    Json::Object(out)
}

fn labels(arg: &Arg) -> Vec<String> {
    match arg.get_action().takes_values() {
        true => arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect(),
        false => Vec::new(),
    }
}
