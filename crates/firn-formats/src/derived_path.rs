//! Paths that exist or that a derivation makes, with the `^` syntax of the command line.
//!
//! Source: manual, "Deriving path" and the installables of `nix`.

use std::{collections::BTreeSet, fmt, sync::Arc};

use crate::{Result, StoreDir, StorePath, check_store_path_name, error::err};

/// One path: given, or one output of a derivation (which may itself be an output).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SingleDerivedPath {
    /// A store path as it is.
    Opaque(StorePath),
    /// One output of a derivation.
    Built {
        /// The derivation.
        drv: Arc<SingleDerivedPath>,
        /// The output's name.
        output: String,
    },
}

impl SingleDerivedPath {
    /// The store path at the root of the chain.
    pub fn base(&self) -> &StorePath {
        match self {
            Self::Opaque(path) => path,
            Self::Built { drv, .. } => drv.base(),
        }
    }

    /// Parses `path[^output]…`.
    pub fn parse(dir: &StoreDir, text: &str) -> Result<Self> {
        Self::parse_with(dir, text, '^')
    }

    fn parse_with(dir: &StoreDir, text: &str, separator: char) -> Result<Self> {
        let mut parts = text.split(separator);
        let mut path = Self::Opaque(dir.parse(parts.next().unwrap_or(""))?);
        for output in parts {
            check_store_path_name(output)?;
            path = Self::Built { drv: Arc::new(path), output: output.to_owned() };
        }
        Ok(path)
    }

    /// The text form, with full paths.
    pub fn display(&self, dir: &StoreDir) -> String {
        match self {
            Self::Opaque(path) => dir.display(path),
            Self::Built { drv, output } => format!("{}^{output}", drv.display(dir)),
        }
    }
}

impl From<StorePath> for SingleDerivedPath {
    fn from(path: StorePath) -> Self {
        Self::Opaque(path)
    }
}

/// Which outputs of a derivation are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputsSpec {
    /// `*`: every output.
    All,
    /// These outputs; never empty.
    Names(BTreeSet<String>),
}

impl OutputsSpec {
    /// One output.
    pub fn one(name: impl Into<String>) -> Self {
        Self::Names(BTreeSet::from([name.into()]))
    }

    /// Parses `*` or names with commas between.
    pub fn parse(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::All);
        }
        let names: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
        for name in &names {
            check_store_path_name(name)?;
        }
        Ok(Self::Names(names))
    }

    /// Whether `output` is meant.
    pub fn contains(&self, output: &str) -> bool {
        match self {
            Self::All => true,
            Self::Names(names) => names.contains(output),
        }
    }

    /// What either of the two means.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Names(a), Self::Names(b)) => Self::Names(a.union(b).cloned().collect()),
            _ => Self::All,
        }
    }
}

impl fmt::Display for OutputsSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Names(names) => {
                for (i, name) in names.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    f.write_str(name)?;
                }
                Ok(())
            }
        }
    }
}

/// What a store is asked to make valid: a path as it is, or outputs of a derivation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DerivedPath {
    /// A store path: substituted when missing; a `.drv` file is not built.
    Opaque(StorePath),
    /// Outputs of a derivation.
    Built {
        /// The derivation.
        drv: Arc<SingleDerivedPath>,
        /// The outputs.
        outputs: OutputsSpec,
    },
}

impl DerivedPath {
    /// All of `outputs` of the derivation at `drv`.
    pub fn built(drv: StorePath, outputs: OutputsSpec) -> Self {
        Self::Built { drv: Arc::new(SingleDerivedPath::Opaque(drv)), outputs }
    }

    /// Parses `path`, `path^out,dev` or `path^*`.
    pub fn parse(dir: &StoreDir, text: &str) -> Result<Self> {
        Self::parse_with(dir, text, '^')
    }

    /// Parses the older form with `!` between path and outputs (worker protocol).
    pub fn parse_legacy(dir: &StoreDir, text: &str) -> Result<Self> {
        Self::parse_with(dir, text, '!')
    }

    fn parse_with(dir: &StoreDir, text: &str, separator: char) -> Result<Self> {
        match text.rsplit_once(separator) {
            None => Ok(Self::Opaque(dir.parse(text)?)),
            Some((drv, outputs)) => Ok(Self::Built {
                drv: Arc::new(SingleDerivedPath::parse_with(dir, drv, separator)?),
                outputs: OutputsSpec::parse(outputs)?,
            }),
        }
    }

    /// The text form, with full paths.
    pub fn display(&self, dir: &StoreDir) -> String {
        match self {
            Self::Opaque(path) => dir.display(path),
            Self::Built { drv, outputs } => format!("{}^{outputs}", drv.display(dir)),
        }
    }

    /// The older text form with `!` (worker protocol).
    pub fn display_legacy(&self, dir: &StoreDir) -> String {
        match self {
            Self::Opaque(path) => dir.display(path),
            Self::Built { drv, outputs } => {
                format!("{}!{outputs}", drv.display(dir).replace('^', "!"))
            }
        }
    }

    /// The store path at the root of the chain.
    pub fn base(&self) -> &StorePath {
        match self {
            Self::Opaque(path) => path,
            Self::Built { drv, .. } => drv.base(),
        }
    }
}

impl From<SingleDerivedPath> for DerivedPath {
    fn from(path: SingleDerivedPath) -> Self {
        match path {
            SingleDerivedPath::Opaque(path) => Self::Opaque(path),
            SingleDerivedPath::Built { drv, output } => {
                Self::Built { drv, outputs: OutputsSpec::one(output) }
            }
        }
    }
}

/// Splits an installable `thing^outputs` at its last `^`; `None` when no outputs are named.
///
/// # Errors
/// Outputs that are no valid names.
pub fn split_extended_outputs(text: &str) -> Result<(&str, Option<OutputsSpec>)> {
    match text.rsplit_once('^') {
        None => Ok((text, None)),
        Some((thing, outputs)) => match OutputsSpec::parse(outputs) {
            Ok(spec) => Ok((thing, Some(spec))),
            Err(_) => Err(err!("invalid extended outputs specifier '{text}'")),
        },
    }
}

/// Splits `path!out,dev` as `nix-store` takes it; no `!` means no outputs named.
pub fn split_outputs(text: &str) -> (&str, BTreeSet<String>) {
    match text.split_once('!') {
        None => (text, BTreeSet::new()),
        Some((path, outputs)) => {
            (path, outputs.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect())
        }
    }
}
