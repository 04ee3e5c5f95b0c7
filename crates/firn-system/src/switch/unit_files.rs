//! The unit files of a system, and the settings in them that a switch looks at.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Where units are looked for, below a system's folder.
const PLACES: [&str; 2] = ["etc/systemd/system", "usr/lib/systemd/system"];

/// The unit files of one system.
#[derive(Debug)]
pub struct UnitFiles {
    root: PathBuf,
}

/// A unit: its file and the drop-ins beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Unit {
    /// All text, the file's first.
    pub text: String,
    /// The last value of each setting, by section and key.
    settings: BTreeMap<(String, String), String>,
}

impl UnitFiles {
    /// The units of the system in this folder.
    pub fn of(system: &Path) -> Self {
        Self { root: system.to_owned() }
    }

    /// The unit of that name, of its template for an instance. Nothing if there is none, or if it
    /// is masked.
    pub fn get(&self, name: &str) -> Option<Unit> {
        let template = template(name);
        let names: Vec<&str> = std::iter::once(name).chain(template.as_deref()).collect();
        let main = names.iter().find_map(|name| {
            PLACES
                .iter()
                .map(|p| self.root.join(p).join(name))
                .find(|p| p.symlink_metadata().is_ok())
        })?;
        if fs::canonicalize(&main).is_ok_and(|path| path == Path::new("/dev/null")) {
            return None;
        }
        let mut text = fs::read_to_string(&main).ok()?;
        for name in names {
            for place in PLACES {
                text += &dropins(&self.root.join(place).join(format!("{name}.d")));
            }
        }
        Some(Unit::parse(text))
    }
}

fn dropins(folder: &Path) -> String {
    let entries = crate::files::entries(folder).unwrap_or_default();
    let texts = entries.iter().filter_map(|entry| fs::read_to_string(entry.path()).ok());
    texts.map(|text| format!("\n{text}")).collect()
}

fn template(name: &str) -> Option<String> {
    let (stem, rest) = name.split_once('@')?;
    let (instance, suffix) = rest.rsplit_once('.')?;
    (!instance.is_empty()).then(|| format!("{stem}@.{suffix}"))
}

impl Unit {
    /// A unit from its text.
    pub fn parse(text: String) -> Self {
        let mut section = String::new();
        let mut settings = BTreeMap::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name.to_owned();
            } else if let Some((key, value)) =
                line.split_once('=').filter(|_| !line.starts_with(['#', ';']))
            {
                settings.insert((section.clone(), key.trim().to_owned()), value.trim().to_owned());
            }
        }
        Self { text, settings }
    }

    /// A setting that is yes or no.
    pub fn flag(&self, section: &str, key: &str, default: bool) -> bool {
        match self.settings.get(&(section.to_owned(), key.to_owned())).map(String::as_str) {
            Some("yes" | "true" | "on" | "1") => true,
            Some(_) => false,
            None => default,
        }
    }

    /// The text without what only says when to reload.
    pub fn without_reload_triggers(&self) -> String {
        self.text.lines().filter(|line| !line.starts_with("X-Reload-Triggers=")).collect()
    }
}
