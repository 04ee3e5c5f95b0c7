//! Putting the evaluator together: machine, host, search path, flakes.

use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use firn_eval::{HostError, HostResult, Machine, R};
use firn_events::Level;
use firn_flake::flakes::Flakes;
use firn_flake::locking::FlakeSource;
use firn_flake::reference::{Base, FlakeRef};
use firn_instantiate::{
    Access, Downloads, FileHashes, KnownDrafts, Outside, StoreHost, TABLES, Trees,
};

use crate::context::Context;
use crate::exit::Failure;
use crate::interrupt;
use crate::own_program;

/// How much evaluation may see and do.
#[derive(Clone, Debug, Default)]
pub struct Mode {
    /// Only locked sources may be read.
    pub pure: bool,
    /// Nothing is added to the store.
    pub read_only: bool,
    /// Search path entries of the command line (`-I`), the strongest first.
    pub includes: Vec<String>,
}

/// A machine for this program's settings and store.
///
/// # Errors
/// The store can't be opened.
pub fn machine(context: &Context, flakes: &Rc<Flakes>, mode: &Mode) -> Result<Machine, Failure> {
    let effective = context.effective_settings()?;
    let settings = settings(context, &effective, mode);
    let access = access(&effective, mode, &settings);
    let outside = outside(context, &effective, flakes);
    let host = StoreHost::new(
        context.eval_store()?,
        context.evaluation_realiser()?,
        access,
        mode.read_only,
        outside,
    );
    let mut tables = TABLES.to_vec();
    tables.extend(firn_flake::builtins::TABLES);
    let mut machine = Machine::new(Rc::new(host), settings, &tables);
    let downloads = (context.fetch_options(), context.reporter.clone());
    machine.extension(move || Downloads { options: downloads.0, reporter: downloads.1 });
    own_program::define(&mut machine, &context.environment.cache);
    if let Some(global) = &context.debugger {
        crate::commands::repl::debugger::attach(&mut machine, context, global);
    }
    crate::profiler::attach(&mut machine, context)?;
    firn_flake::call::attach(&mut machine, flakes);
    Ok(machine)
}

/// What the evaluator is told: with the sources, all that a result depends on in pure evaluation.
///
/// # Errors
/// A flake's setting does not fit.
pub fn settings_of(context: &Context, mode: &Mode) -> Result<firn_eval::Settings, Failure> {
    Ok(settings(context, &context.effective_settings()?, mode))
}

fn settings(
    context: &Context,
    settings: &firn_settings::Settings,
    mode: &Mode,
) -> firn_eval::Settings {
    let system = match settings.text("eval-system") {
        "" => settings.text("system"),
        system => system,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    firn_eval::Settings {
        store_dir: context
            .store()
            .map_or_else(|_| "/nix/store".to_owned(), |store| store.store_dir().to_string()),
        current_system: (!mode.pure).then(|| system.to_owned()),
        current_time: (!mode.pure).then(|| i64::try_from(now).unwrap_or(0)),
        nix_path: search_path(context, mode),
        max_call_depth: u32::try_from(settings.number("max-call-depth")).unwrap_or(u32::MAX),
        trace_verbose: settings.flag("trace-verbose"),
        restricted: settings.flag("restrict-eval"),
        abort_on_warn: settings.flag("abort-on-warn") || aborts_on_warn(),
        ..language(settings, mode.pure)
    }
}

/// The environment's form of the setting `abort-on-warn`.
fn aborts_on_warn() -> bool {
    std::env::var("NIX_ABORT_ON_WARN").is_ok_and(|value| matches!(&*value, "1" | "yes" | "true"))
}

/// What belongs to the language: what the parser accepts depends on these alone.
fn language(settings: &firn_settings::Settings, pure: bool) -> firn_eval::Settings {
    firn_eval::Settings {
        pure,
        features: settings.list("experimental-features").map(str::to_owned).collect(),
        lints: LINTS.map(|kind| lint_of(settings, kind)),
        ..firn_eval::Settings::default()
    }
}

/// Kinds of literals that have a setting for what to do about them.
const LINTS: [&str; 3] = ["url", "short-path", "absolute-path"];

/// What the parser accepts by the settings.
pub fn parse_options(settings: &firn_settings::Settings, pure: bool) -> firn_syntax::ParseOptions {
    language(settings, pure).parse_options()
}

/// The level of a kind of literal, by its setting, else by the older one for path literals.
fn lint_of(settings: &firn_settings::Settings, kind: &str) -> firn_syntax::Lint {
    let name = format!("lint-{kind}-literals");
    let is_unset = settings.origin(&name) == firn_settings::Origin::Default;
    match is_unset && settings.flag(&format!("warn-{kind}-literals")) {
        true => firn_syntax::Lint::Warn,
        false => lint(settings.text(&name)),
    }
}

fn lint(level: &str) -> firn_syntax::Lint {
    match level {
        "warn" => firn_syntax::Lint::Warn,
        "fatal" => firn_syntax::Lint::Fatal,
        _ => firn_syntax::Lint::Ignore,
    }
}

/// The search path: `-I`, then `NIX_PATH` or the setting `nix-path`; without either, `<nixpkgs>` is
/// the distribution that is built in.
fn search_path(context: &Context, mode: &Mode) -> Vec<(String, String)> {
    let mut path: Vec<_> = mode.includes.iter().map(|entry| split_entry(entry)).collect();
    if context.settings.origin("nix-path") == firn_settings::Origin::CommandLine {
        path.extend(context.settings.list("nix-path").map(split_entry));
        return path;
    }
    match &context.environment.nix_path {
        Some(text) => path.extend(split_search_path(text).iter().map(|entry| split_entry(entry))),
        None if !context.settings.text("nix-path").is_empty() => {
            path.extend(context.settings.list("nix-path").map(split_entry));
        }
        None => path.push(("nixpkgs".to_owned(), "flake:base".to_owned())),
    }
    path
}

fn split_entry(entry: &str) -> (String, String) {
    let (prefix, path) = entry.split_once('=').unwrap_or(("", entry));
    (prefix.to_owned(), path.to_owned())
}

/// Splits at colons, but not at those of URLs (`a=https://x:b=y`).
pub fn split_search_path(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for part in text.split(':') {
        match entries.last_mut() {
            Some(last) if part.starts_with("//") || ends_with_scheme(last) => {
                last.push(':');
                last.push_str(part);
            }
            _ => entries.push(part.to_owned()),
        }
    }
    entries.retain(|entry| !entry.is_empty());
    entries
}

fn ends_with_scheme(entry: &str) -> bool {
    let target = entry.rsplit('=').next().unwrap_or(entry);
    matches!(target, "flake" | "channel" | "path" | "github" | "gitlab" | "sourcehut")
}

fn access(
    effective: &firn_settings::Settings,
    mode: &Mode,
    settings: &firn_eval::Settings,
) -> Access {
    if mode.pure {
        return Access::only([], true);
    }
    if effective.flag("restrict-eval") {
        let folder = std::env::current_dir().unwrap_or_default();
        let paths = settings.nix_path.iter().filter(|(_, path)| !is_url(path)).map(|(_, path)| {
            let path = folder.join(path).into_os_string().into_encoded_bytes();
            String::from_utf8_lossy(&firn_eval::paths::canonical(&path)).into_owned()
        });
        let urls = effective.list("allowed-uris").map(str::to_owned);
        return Access::only(paths, false).with_urls(urls);
    }
    Access::everything()
}

fn outside(context: &Context, settings: &firn_settings::Settings, flakes: &Rc<Flakes>) -> Outside {
    let (trace, warn) = (context.display.clone(), context.reporter.clone());
    let (flakes, unreachable) = (flakes.clone(), context.reporter.clone());
    let spoke = [context.evaluation_spoke.clone(), context.evaluation_spoke.clone()];
    let [traced, warned] = spoke.map(|spoke| move || spoke.store(true, Ordering::Relaxed));
    Outside {
        environment: context.variables(),
        trace: Box::new(move |text| {
            traced();
            trace.print(text);
        }),
        warn: Box::new(move |text| {
            warned();
            warn.message(Level::Warning, text);
        }),
        interrupted: context.interrupted.clone(),
        search_path_element: Box::new(move |element| {
            search_path_element(&flakes, element).or_else(|error| {
                unreachable.message(
                    Level::Warning,
                    format!(
                        "Nix search path entry '{element}' cannot be fetched, ignoring: {}",
                        error.message
                    ),
                );
                Ok(None)
            })
        }),
        trees: context
            .settings
            .flag("parse-cache")
            .then(|| Trees::new(context.environment.cache.join("firn-trees"))),
        file_hashes: Some(FileHashes::new(context.environment.cache.join("file-hashes"))),
        known_folders: Some(Trees::new(context.environment.cache.join("known-folders"))),
        known_drafts: Some(KnownDrafts::new(context.environment.cache.join("known-drafts"))),
        now: std::time::SystemTime::now,
        trace_import_from_derivation: settings.flag("trace-import-from-derivation"),
        allow_import_from_derivation: settings.flag("allow-import-from-derivation"),
    }
}

/// The folder behind an element of the search path that is no path: a flake or a tarball.
fn search_path_element(flakes: &Flakes, element: &str) -> HostResult<Option<String>> {
    let failed = |error: firn_fetch::input::InputError| HostError::new(error.message);
    let text = match element.strip_prefix("channel:") {
        Some(channel) => format!("https://channels.nixos.org/{channel}/nixexprs.tar.xz"),
        None => element.strip_prefix("flake:").unwrap_or(element).to_owned(),
    };
    if !is_url(element) {
        let path =
            std::path::absolute(element).map_err(|error| HostError::new(error.to_string()))?;
        return Ok(path.exists().then(|| path.to_string_lossy().into_owned()));
    }
    let reference = FlakeRef::parse_input(&text, Base::Flake, true).map_err(failed)?;
    let (_, folder) = flakes.fetch_tree(&reference, false).map_err(failed)?;
    Ok(Some(flakes.logical_path(&folder)))
}

/// Whether a text names something to fetch instead of a file.
pub fn is_url(text: &str) -> bool {
    text.contains("://") || text.starts_with("flake:") || text.starts_with("channel:")
}

/// Runs evaluation on a stack that is large enough for it, and turns an error into a failure that
/// shows it.
///
/// # Errors
/// What `work` fails with.
pub fn run<T>(
    context: &Context,
    machine: &mut Machine,
    work: impl FnOnce(&mut Machine) -> R<T>,
) -> Result<T, Failure> {
    let deadline = interrupt::deadline();
    let result = work(machine);
    drop(deadline);
    match result {
        Ok(value) => Ok(value),
        Err(raised) => {
            let error = machine.take_error(raised);
            let text = machine.render_explained(&error, context.settings.flag("show-trace"));
            Err(Failure::new(text.trim_end().to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_built_in_lacks_documentation() {
        let context = Context::new(&crate::arguments::GlobalArguments::with_settings(vec![
            ("store".to_owned(), "dummy://".to_owned()),
            (
                "experimental-features".to_owned(),
                "flakes fetch-tree dynamic-derivations parse-toml-timestamps fetch-closure"
                    .to_owned(),
            ),
        ]));
        let Ok(context) = context else { unreachable!("the settings are known") };
        let mode = Mode { read_only: true, ..Mode::default() };
        let machine = context.flakes().and_then(|flakes| machine(&context, &flakes, &mode));
        let Ok(mut machine) = machine else { unreachable!("a dummy store can be opened") };
        let mut lacking = Vec::new();
        for op in machine.primops() {
            let named = !op.args.is_empty() && op.args.iter().all(|arg| !arg.is_empty());
            if !named || op.doc.len() < 20 || !op.doc.trim_end().ends_with(['.', '`', ')']) {
                lacking.push(op.short_name().to_owned());
            }
        }
        let all = machine.builtins();
        for entry in machine.sorted(all).collect::<Vec<_>>() {
            let is_primop = entry.value().as_function().is_some_and(|f| f.primop().is_some());
            if !is_primop && firn_eval::constant_doc(&entry.sym.text()).is_none() {
                lacking.push(entry.sym.text().into_owned());
            }
        }
        assert!(all.len() > 100 && lacking.is_empty(), "{lacking:?}");
    }

    #[test]
    fn search_paths_keep_their_urls() {
        let entries =
            split_search_path("nixpkgs=https://example.org/x.tar.gz:/etc/nixos:a=flake:nixpkgs");
        assert_eq!(
            entries,
            ["nixpkgs=https://example.org/x.tar.gz", "/etc/nixos", "a=flake:nixpkgs"]
        );
        assert!(split_search_path("").is_empty());
    }
}
