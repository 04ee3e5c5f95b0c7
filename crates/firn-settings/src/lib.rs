//! Every setting declared once with its documentation, and the values with their origin.
//!
//! Reading order: [`declared`] (what settings there are), [`Settings`] (their values), [`file`]
//! (`nix.conf`). Names, meanings and file format are those of the Nix manual, "nix.conf".

pub mod declared;
pub mod file;

use std::collections::BTreeMap;
use std::fmt;

pub use declared::{DECLARED, Kind, Setting};

/// Where a value comes from; later origins win over earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The declaration.
    Default,
    /// A configuration file, by its path.
    File(String),
    /// An environment variable, by its name.
    Environment(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => out.write_str("default"),
            Origin::File(path) => out.write_str(path),
            Origin::Environment(name) => write!(out, "environment variable {name}"),
            Origin::CommandLine => out.write_str("command line"),
        }
    }
}

/// A value as text, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// The text as `nix.conf` would have it.
    pub text: String,
    /// Where it was set.
    pub origin: Origin,
}

/// Why a setting could not be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// No setting has that name; a warning in files, as in the reference.
    Unknown {
        /// The name as it was written.
        name: String,
        /// The nearest declared name.
        nearest: Option<&'static str>,
    },
    /// The text does not fit the setting's kind.
    Invalid {
        /// The setting.
        name: &'static str,
        /// The text.
        text: String,
        /// What is expected, in words.
        expected: &'static str,
    },
    /// `extra-NAME` for a setting that is not a list.
    NotAList {
        /// The setting.
        name: &'static str,
    },
}

impl fmt::Display for SettingError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingError::Unknown { name, nearest } => {
                write!(out, "unknown setting '{name}'")?;
                nearest.map_or(Ok(()), |nearest| write!(out, "; did you mean '{nearest}'?"))
            }
            SettingError::Invalid { name, text, expected } => {
                write!(out, "setting '{name}' has invalid value '{text}'; {expected} is expected")
            }
            SettingError::NotAList { name } => {
                write!(out, "setting '{name}' is not a list, so that 'extra-{name}' has no meaning")
            }
        }
    }
}

impl std::error::Error for SettingError {}

/// The values of all settings. Invariant: each value fits its setting's kind.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    values: BTreeMap<&'static str, Sourced>,
}

impl Settings {
    /// All settings at their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a setting, by its name, an older name of it, or `extra-NAME` to add to a list.
    ///
    /// # Errors
    /// The name is unknown or the text does not fit.
    pub fn set(&mut self, name: &str, text: &str, origin: Origin) -> Result<(), SettingError> {
        if let Some(setting) = declared::find(name) {
            return self.replace(setting, text, origin);
        }
        match name.strip_prefix("extra-").and_then(declared::find) {
            Some(setting) => self.append(setting, text, origin),
            None => Err(SettingError::Unknown {
                name: name.to_owned(),
                nearest: declared::nearest(name),
            }),
        }
    }

    fn replace(
        &mut self,
        setting: &'static Setting,
        text: &str,
        origin: Origin,
    ) -> Result<(), SettingError> {
        setting.kind.check(text).map_err(|expected| SettingError::Invalid {
            name: setting.name,
            text: text.to_owned(),
            expected,
        })?;
        let text = match setting.name {
            "experimental-features" => declared::features(text),
            _ => text.to_owned(),
        };
        self.values.insert(setting.name, Sourced { text, origin });
        Ok(())
    }

    fn append(
        &mut self,
        setting: &'static Setting,
        text: &str,
        origin: Origin,
    ) -> Result<(), SettingError> {
        if setting.kind != Kind::List {
            return Err(SettingError::NotAList { name: setting.name });
        }
        let joined = format!("{} {text}", self.text(setting.name));
        self.replace(setting, joined.trim(), origin)
    }

    /// The value of a declared setting as text.
    pub fn text(&self, name: &str) -> &str {
        match declared::find(name) {
            Some(setting) => {
                self.values.get(setting.name).map_or(setting.default, |value| &value.text)
            }
            None => "",
        }
    }

    /// Where the value of a setting comes from.
    pub fn origin(&self, name: &str) -> Origin {
        self.values.get(name).map_or(Origin::Default, |value| value.origin.clone())
    }

    /// A truth value; for [`Kind::Sandbox`], whether it is not off.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "yes" | "1" | "relaxed")
    }

    /// A number; suffixes K, M, G and T multiply by powers of 1024.
    pub fn number(&self, name: &str) -> u64 {
        declared::parse_number(self.text(name)).unwrap_or(0)
    }

    /// The words of a list.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).split_whitespace()
    }

    /// Whether an experimental feature is on.
    pub fn has_feature(&self, feature: &str) -> bool {
        self.list("experimental-features").any(|on| on == feature)
    }

    /// All settings with their values, in the order of their names.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &str)> {
        DECLARED.iter().map(|setting| (setting, self.text(setting.name)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_replace_and_extend() {
        let mut settings = Settings::new();
        settings.set("substituters", "https://a", Origin::File("f".into())).unwrap();
        settings.set("extra-substituters", "https://b", Origin::CommandLine).unwrap();
        assert_eq!(settings.list("substituters").collect::<Vec<_>>(), ["https://a", "https://b"]);
        assert_eq!(settings.origin("substituters"), Origin::CommandLine);
    }

    #[test]
    fn errors_name_the_nearest_setting() {
        let error = Settings::new().set("substitutors", "x", Origin::CommandLine).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown setting 'substitutors'; did you mean 'substituters'?"
        );
        let error = Settings::new().set("cores", "many", Origin::CommandLine).unwrap_err();
        assert_eq!(
            error.to_string(),
            "setting 'cores' has invalid value 'many'; a number is expected"
        );
        let error = Settings::new().set("extra-cores", "1", Origin::CommandLine).unwrap_err();
        assert!(error.to_string().contains("is not a list"));
    }

    #[test]
    fn older_names_mean_the_same() {
        let mut settings = Settings::new();
        settings.set("build-max-jobs", "3", Origin::CommandLine).unwrap();
        assert_eq!(settings.number("max-jobs"), 3);
    }
}
