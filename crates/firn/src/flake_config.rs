//! `nixConfig`: settings that a flake asks for. Harmless ones are taken; others only when the user
//! trusts them (Nix manual, "nix flake", "Flake format").

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use firn_flake::file::ConfigValue;
use firn_flake::flakes::Flakes;
use firn_flake::locked::{LockRequest, LockedFlake};
use firn_flake::reference::FlakeRef;
use firn_formats::{ContentAddressMethod, HashAlgo, StorePathSet};
use firn_store::Content;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::exit::Failure;
use crate::installable::input_failure;
use crate::interrupt;

/// What changes nothing but how things look, or what a name means.
const HARMLESS: &[&str] = &[
    "bash-prompt",
    "bash-prompt-prefix",
    "bash-prompt-suffix",
    "commit-lock-file-summary",
    "flake-registry",
];

/// Fetches and locks a flake, and takes the settings that it asks for.
///
/// # Errors
/// Those of locking; a setting that can't be taken.
pub fn lock_flake(
    context: &Context,
    flakes: &Flakes,
    reference: &FlakeRef,
    request: &LockRequest,
) -> Result<LockedFlake, Failure> {
    let deadline = interrupt::deadline();
    let locked =
        firn_flake::locked::lock_flake(flakes, reference, request).map_err(input_failure)?;
    drop(deadline);
    let mut trusted = None;
    for (name, value) in &locked.flake.file.nix_config {
        let text = match value {
            ConfigValue::Path(path) => in_store(flakes, &locked, path)?,
            value => value.to_text(),
        };
        if is_allowed(context, &mut trusted, name, &text)? {
            context.take_flake_setting(name, &text);
        }
    }
    Ok(locked)
}

/// A path of the flake, as a store path of its own that lasts while the file stays the same.
fn in_store(flakes: &Flakes, locked: &LockedFlake, path: &str) -> Result<String, Failure> {
    let folder = locked.flake.folder.join(path).map_err(input_failure)?;
    let store = &flakes.fetcher().store;
    let tree = store.to_real_path(&folder.tree).ok_or_else(|| {
        Failure::new(format!("error: '{}' is not on this machine", folder.tree.as_str()))
    })?;
    let content = tree.join(&folder.subdir);
    let (method, none) = (ContentAddressMethod::Nar, StorePathSet::new());
    let added = store.add("source", Content::Tree(&content), method, HashAlgo::Sha256, &none)?;
    let real = store.to_real_path(&added);
    Ok(real.map_or_else(|| store.store_dir().display(&added), |real| real.display().to_string()))
}

/// Whether a setting is taken; the user's decisions are read for the first that needs them.
fn is_allowed(
    context: &Context,
    trusted: &mut Option<Trusted>,
    name: &str,
    value: &str,
) -> Result<bool, Failure> {
    let base = name.strip_prefix("extra-").unwrap_or(name);
    if HARMLESS.contains(&base) || context.settings.flag("accept-flake-config") {
        return Ok(true);
    }
    let trusted = trusted.get_or_insert_with(|| Trusted::read(context));
    let allowed = match trusted.get(name, value) {
        Some(known) => known,
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => {
            context.display.finish();
            let allowed = ask(&format!(
                "do you want to allow configuration setting '{name}' to be set to '{value}' (y/N)?"
            ));
            let mark = if allowed { "trusted" } else { "untrusted" };
            if ask(&format!("do you want to permanently mark this value as {mark} (y/N)?")) {
                trusted.set(name, value, allowed)?;
            }
            allowed
        }
        None => false,
    };
    if !allowed {
        context.warn(&format!(
            "ignoring untrusted flake configuration setting '{name}'.\n\
             Pass '--accept-flake-config' to trust it"
        ));
    }
    Ok(allowed)
}

/// Asks at the terminal; the end of input is a no.
fn ask(question: &str) -> bool {
    let mut error = std::io::stderr();
    // If the question can't be shown there is nobody to answer.
    if write!(error, "{question} ").and_then(|()| error.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok()
        && answer.trim().eq_ignore_ascii_case("y")
}

/// What the user decided before, in `trusted-settings.json`: by setting and value.
struct Trusted {
    file: PathBuf,
    settings: Map<String, Value>,
}

impl Trusted {
    fn read(context: &Context) -> Self {
        let file = context.environment.data.join("nix/trusted-settings.json");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        Trusted { settings: serde_json::from_str(&text).unwrap_or_default(), file }
    }

    fn get(&self, name: &str, value: &str) -> Option<bool> {
        self.settings.get(name)?.get(value)?.as_bool()
    }

    fn set(&mut self, name: &str, value: &str, trusted: bool) -> Result<(), Failure> {
        let values = self.settings.entry(name).or_insert_with(|| Map::new().into());
        values[value] = trusted.into();
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let text = Value::from(self.settings.clone()).to_string();
        std::fs::write(&self.file, text).map_err(|error| {
            Failure::new(format!("error: cannot write '{}': {error}", self.file.display()))
        })
    }
}
