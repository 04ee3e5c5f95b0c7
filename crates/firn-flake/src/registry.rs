//! Flake registries: short names for flakes.
//!
//! Entries are looked up in the command line's, the user's, the system's and the global registry,
//! in this order (Nix manual, "nix registry"). The name `base` is built in.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use firn_fetch::input::{Attr, Attrs, Input, InputError};
use serde_json::{Value, json};

use crate::reference::FlakeRef;

/// One name and what it stands for.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The input that is looked up.
    pub from: Input,
    /// What it stands for.
    pub to: FlakeRef,
    /// Only an input with the same reference and revision is replaced.
    pub exact: bool,
}

/// Entries of one source.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// The entries in the order of the file.
    pub entries: Vec<Entry>,
}

/// The registries in the order in which they are asked.
#[derive(Default)]
pub struct Registries {
    /// From flags of the command line.
    pub flags: Registry,
    /// `registry.json` of the user and of the system, and whatever else is local.
    pub local: Vec<Registry>,
    /// The registry that may come from the network.
    pub global: Global,
    /// Names mean nothing but what is built in (`--no-registries`).
    pub disabled: bool,
}

/// Finds the file of the global registry, downloading it where it is not on disk.
pub type FindGlobal = dyn Fn() -> Result<PathBuf, InputError>;

/// The global registry, read when it is first asked for.
#[derive(Default)]
pub struct Global {
    find: Option<Box<FindGlobal>>,
    read: OnceCell<Registry>,
}

impl Global {
    /// A global registry whose file `find` finds.
    pub fn new(find: Box<FindGlobal>) -> Self {
        Global { find: Some(find), read: OnceCell::new() }
    }

    /// The registry; `None` where there is none.
    ///
    /// # Errors
    /// It can't be fetched or read.
    pub fn get(&self) -> Result<Option<&Registry>, InputError> {
        let Some(find) = &self.find else { return Ok(None) };
        if let Some(known) = self.read.get() {
            return Ok(Some(known));
        }
        let read = Registry::read(&find()?)?;
        Ok(Some(self.read.get_or_init(|| read)))
    }
}

impl Registry {
    /// Reads a registry file; a file that is not there is an empty registry.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(broken(path, &error.to_string())),
        };
        let json: Value = serde_json::from_str(&text).map_err(|e| broken(path, &e.to_string()))?;
        if json["version"] != 2 {
            return Err(broken(path, "has an unsupported version; 2 is expected"));
        }
        let entries = json["flakes"].as_array().into_iter().flatten();
        let entries = entries.map(read_entry).collect::<Result<_, _>>();
        Ok(Registry { entries: entries.map_err(|error| broken(path, &error.message))? })
    }

    /// Writes a registry file.
    pub fn write(&self, path: &Path) -> Result<(), InputError> {
        let flakes: Vec<Value> = self.entries.iter().map(entry_json).collect();
        let json = json!({ "flakes": flakes, "version": 2 });
        let text = serde_json::to_string_pretty(&json).unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(path, text))
            .map_err(|error| broken(path, &error.to_string()))
    }

    /// Puts an entry in the place of those with the same name.
    pub fn set(&mut self, entry: Entry) {
        self.remove(&entry.from);
        self.entries.push(entry);
    }

    /// Takes the entries with that name away.
    pub fn remove(&mut self, from: &Input) {
        self.entries.retain(|entry| entry.from != *from);
    }
}

impl Registries {
    /// What a reference stands for: itself, unless it names an entry.
    ///
    /// `limited` leaves out the local registries, as inputs of flakes are looked up.
    ///
    /// # Errors
    /// No registry has the name, or entries refer to each other in a circle.
    pub fn resolve(&self, reference: &FlakeRef, limited: bool) -> Result<FlakeRef, InputError> {
        let mut current = reference.clone();
        let mut seen = BTreeSet::new();
        while current.input.is_indirect() {
            if !seen.insert(current.input.clone()) {
                return Err(InputError::new(format!(
                    "cycle detected in flake registry for '{}'",
                    reference.input
                )));
            }
            current = self.step(&current, limited)?;
        }
        if current.subdir.is_empty() {
            current.subdir.clone_from(&reference.subdir);
        }
        Ok(current)
    }

    fn step(&self, reference: &FlakeRef, limited: bool) -> Result<FlakeRef, InputError> {
        let local = if limited || self.disabled { &[][..] } else { &self.local };
        for registry in std::iter::once(&self.flags).chain(local) {
            if let Some(found) = look_up(registry, &reference.input)? {
                return Ok(found);
            }
        }
        if is_base(&reference.input) {
            return Ok(FlakeRef { input: Input::base(), subdir: String::new() });
        }
        if self.disabled {
            return Err(InputError::new(format!(
                "'{}' is an indirect flake reference, but registry lookups are not allowed",
                reference.input
            )));
        }
        match self.global.get() {
            Ok(Some(global)) => {
                look_up(global, &reference.input)?.ok_or_else(|| not_found(&reference.input, None))
            }
            Ok(None) => Err(not_found(&reference.input, None)),
            Err(error) => Err(not_found(&reference.input, Some(&error))),
        }
    }
}

fn is_base(input: &Input) -> bool {
    input.attrs().text("id") == Ok(Some("base"))
        && input.rev().is_none()
        && input.attrs().get("ref").is_none()
}

/// `unread` says why the global registry could not be asked.
fn not_found(input: &Input, unread: Option<&InputError>) -> InputError {
    let id = input.attrs().text("id").ok().flatten().unwrap_or_default();
    let mut message = format!("cannot find flake '{input}' in the flake registries");
    if let Some(error) = unread {
        let reason = error.message.lines().next().unwrap_or_default();
        message += &format!(" of this machine, and the global registry can't be asked: {reason}");
    }
    message += &format!(
        "\nhelp: '--override-input {id} base' uses the distribution that is built in, \
         and 'firn registry add {id} …' gives the name a meaning of your own"
    );
    InputError::unreachable(message)
}

fn look_up(registry: &Registry, input: &Input) -> Result<Option<FlakeRef>, InputError> {
    for entry in &registry.entries {
        if entry.exact {
            if entry.from == *input {
                return Ok(Some(entry.to.clone()));
            }
        } else if same_name(&entry.from, input) {
            let (reference, rev) = (input.attrs().text("ref")?, input.rev());
            let to = entry.to.input.with_ref_and_rev(reference, rev)?;
            return Ok(Some(FlakeRef { input: to, subdir: entry.to.subdir.clone() }));
        }
    }
    Ok(None)
}

/// Whether an entry without reference and revision stands for the input with its own.
fn same_name(from: &Input, input: &Input) -> bool {
    let fits = |name: &str| {
        from.attrs().get(name).is_none_or(|value| Some(value) == input.attrs().get(name))
    };
    from.is_indirect()
        && from.attrs().get("id") == input.attrs().get("id")
        && fits("ref")
        && fits("rev")
}

fn read_entry(json: &Value) -> Result<Entry, InputError> {
    Ok(Entry {
        from: Input::from_attrs(Attrs::from_json(&json["from"])?)?,
        to: FlakeRef::from_attrs(Attrs::from_json(&json["to"])?)?,
        exact: json["exact"].as_bool().unwrap_or(false),
    })
}

fn entry_json(entry: &Entry) -> Value {
    let mut json = json!({ "from": entry.from.to_json(), "to": entry.to.to_attrs().to_json() });
    if entry.exact {
        json["exact"] = Value::Bool(true);
    }
    json
}

fn broken(path: &Path, text: &str) -> InputError {
    InputError::new(format!("flake registry '{}': {text}", path.display()))
}

/// The name that an entry is looked up by, for listings.
pub fn entry_name(entry: &Entry) -> String {
    match entry.from.attrs().get("id") {
        Some(Attr::Text(id)) => id.clone(),
        _ => entry.from.to_string(),
    }
}
