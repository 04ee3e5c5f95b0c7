//! Store derivations: one build as data.
//!
//! Source: manual, chapters "Store Derivation and Deriving Path", "Derivation ATerm file format"
//! and "Derivation JSON format".

mod aterm;
mod draft;
mod json;
mod modulo;
mod recorded;

use std::collections::{BTreeMap, BTreeSet};

pub use draft::{Draft, DraftBuffers, DraftInput, Finished, HashDigits, InputHash};
pub use modulo::{HashModulo, ModuloMemo};
pub use recorded::{DraftKey, DraftRecord};

use crate::{
    ContentAddress, ContentAddressMethod, HashAlgo, References, Result, StoreDir, StorePath,
    StorePathSet, error::err, output_path_name,
};

/// A store derivation.
///
/// Arguments and environment are bytes, since strings of the language are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derivation {
    /// The name, which is the name of its store path without `.drv`. The ATerm text lacks it.
    pub name: String,
    /// Outputs by name.
    pub outputs: BTreeMap<String, DerivationOutput>,
    /// Derivations whose outputs the build needs.
    pub input_drvs: BTreeMap<StorePath, InputNode>,
    /// Store paths that the build needs.
    pub input_srcs: StorePathSet,
    /// System type that the builder runs on, for example `x86_64-linux`.
    pub platform: String,
    /// The program, or `builtin:NAME`.
    pub builder: Vec<u8>,
    /// Its arguments.
    pub args: Vec<Vec<u8>>,
    /// Its environment. Structured attributes are the JSON text under [`STRUCTURED_ATTRS`].
    pub env: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The environment variable that holds structured attributes as JSON.
pub const STRUCTURED_ATTRS: &str = "__json";

/// The outputs wanted of an input derivation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputNode {
    /// Outputs by name.
    pub outputs: BTreeSet<String>,
    /// Outputs that are themselves derivations, and what is wanted of those (experimental feature
    /// `dynamic-derivations`).
    pub dynamic: BTreeMap<String, InputNode>,
}

/// How an output's store path is determined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DerivationOutput {
    /// By the derivation that makes it.
    InputAddressed(StorePath),
    /// By its content, which is known beforehand (a fixed-output derivation).
    Fixed(ContentAddress),
    /// By its content, known once it is built.
    Floating {
        /// How the content is hashed.
        method: ContentAddressMethod,
        /// With which algorithm.
        algo: HashAlgo,
    },
    /// By the derivation, once the floating outputs among its inputs are known.
    Deferred,
    /// By its content; built afresh each time (experimental feature `impure-derivations`).
    Impure {
        /// How the content is hashed.
        method: ContentAddressMethod,
        /// With which algorithm.
        algo: HashAlgo,
    },
}

impl DerivationOutput {
    /// The output's store path where it is known before the build.
    ///
    /// `name` is the derivation's, `output` the output's name.
    pub fn path(&self, dir: &StoreDir, name: &str, output: &str) -> Result<Option<StorePath>> {
        match self {
            Self::InputAddressed(path) => Ok(Some(path.clone())),
            Self::Fixed(ca) => dir
                .make_content_path(&output_path_name(name, output), ca, &References::none())
                .map(Some),
            Self::Floating { .. } | Self::Deferred | Self::Impure { .. } => Ok(None),
        }
    }
}

/// What all outputs of a derivation have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DerivationType {
    /// Paths follow from the derivation.
    InputAddressed,
    /// Input-addressed, but inputs are not known yet.
    Deferred,
    /// One output with a known content hash; its builder may use the network.
    Fixed,
    /// Content-addressed, hash not known.
    Floating,
    /// Built afresh each time, with the network.
    Impure,
}

impl DerivationType {
    /// Whether the build must not reach the network.
    pub fn is_sandboxed(self) -> bool {
        !matches!(self, Self::Fixed | Self::Impure)
    }

    /// Whether output paths are known before the build.
    pub fn has_known_output_paths(self) -> bool {
        matches!(self, Self::InputAddressed | Self::Fixed)
    }

    /// Whether outputs are addressed by their content.
    pub fn is_content_addressed(self) -> bool {
        matches!(self, Self::Fixed | Self::Floating | Self::Impure)
    }
}

impl Derivation {
    /// The kind that all outputs share.
    ///
    /// # Errors
    /// No outputs, outputs of different kinds, more than one fixed output, or one not named `out`.
    pub fn kind(&self) -> Result<DerivationType> {
        let mut kinds = self.outputs.values().map(output_kind);
        let first = kinds.next().ok_or_else(|| err!("must have at least one output"))?;
        if kinds.any(|kind| kind != first) {
            return Err(err!("can't mix derivation output types"));
        }
        match first {
            DerivationType::Fixed if self.outputs.len() > 1 => {
                Err(err!("only one fixed output is allowed for now"))
            }
            DerivationType::Fixed if !self.outputs.contains_key("out") => {
                Err(err!("single fixed output must be named \"out\""))
            }
            DerivationType::Floating if !self.same_floating_algo() => {
                Err(err!("all floating outputs must use the same hash algorithm"))
            }
            kind => Ok(kind),
        }
    }

    fn same_floating_algo(&self) -> bool {
        let mut algos = self.outputs.values().filter_map(|output| match output {
            DerivationOutput::Floating { algo, .. } => Some(*algo),
            _ => None,
        });
        let first = algos.next();
        algos.all(|algo| Some(algo) == first)
    }

    /// Whether the builder is part of the program (`builtin:NAME`).
    pub fn is_builtin(&self) -> bool {
        self.builder.starts_with(b"builtin:")
    }

    /// The name after `builtin:`, when the builder is part of the program.
    pub fn builtin_name(&self) -> Option<&str> {
        std::str::from_utf8(self.builder.strip_prefix(b"builtin:")?).ok()
    }

    /// The value of an environment variable.
    pub fn env(&self, name: &str) -> Option<&[u8]> {
        self.env.get(name.as_bytes()).map(Vec::as_slice)
    }

    /// The value of an environment variable that must be text; `None` also when it is not UTF-8.
    pub fn env_str(&self, name: &str) -> Option<&str> {
        self.env(name).and_then(|v| std::str::from_utf8(v).ok())
    }

    /// The JSON text of structured attributes, if the derivation has them.
    pub fn structured_attrs(&self) -> Option<&str> {
        self.env_str(STRUCTURED_ATTRS)
    }

    /// The path of one output where it is known before the build.
    ///
    /// # Errors
    /// When there is no such output.
    pub fn output_path(&self, dir: &StoreDir, output: &str) -> Result<Option<StorePath>> {
        self.outputs
            .get(output)
            .ok_or_else(|| err!("derivation '{}' does not have an output '{output}'", self.name))?
            .path(dir, &self.name, output)
    }

    /// Names of outputs, each with its path where it is known before the build.
    pub fn output_paths(&self, dir: &StoreDir) -> Result<BTreeMap<String, Option<StorePath>>> {
        self.outputs
            .iter()
            .map(|(name, output)| Ok((name.clone(), output.path(dir, &self.name, name)?)))
            .collect()
    }

    /// What the `.drv` file refers to: sources and input derivations, never outputs.
    pub fn references(&self) -> StorePathSet {
        let mut refs = self.input_srcs.clone();
        refs.extend(self.input_drvs.keys().cloned());
        refs
    }

    /// The text of the `.drv` file and its store path.
    pub fn to_store(&self, dir: &StoreDir) -> Result<(StorePath, Vec<u8>)> {
        let text = self.to_aterm(dir)?;
        let path = dir.text_path(&format!("{}.drv", self.name), &text, &self.references())?;
        Ok((path, text))
    }

    /// Whether an input is the output of a derivation that is itself built.
    pub fn has_dynamic_inputs(&self) -> bool {
        self.input_drvs.values().any(|node| !node.dynamic.is_empty())
    }
}

fn output_kind(output: &DerivationOutput) -> DerivationType {
    match output {
        DerivationOutput::InputAddressed(_) => DerivationType::InputAddressed,
        DerivationOutput::Fixed(_) => DerivationType::Fixed,
        DerivationOutput::Floating { .. } => DerivationType::Floating,
        DerivationOutput::Deferred => DerivationType::Deferred,
        DerivationOutput::Impure { .. } => DerivationType::Impure,
    }
}
