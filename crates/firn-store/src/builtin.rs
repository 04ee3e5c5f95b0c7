//! Builders that are part of the program: `builder = "builtin:NAME"`.
//!
//! The contract is in `ARCHITECTURE.md`, "Builtin builders".

use std::{collections::BTreeMap, path::PathBuf};

use firn_formats::{Derivation, FormatError, StoreDir, StorePath};
use serde::{Deserialize, Serialize};

/// A folder of [`BuiltinJob::tmp_dir`]; what a builder puts there outlives its failure.
pub const ARTEFACTS: &str = "artefacts";

/// One build by a builtin builder, as it is handed to the helper process.
///
/// All paths are as seen inside the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuiltinJob {
    /// Name of the derivation.
    pub name: String,
    /// Name of the builder, without `builtin:`.
    pub builder: String,
    /// Builder arguments.
    pub args: Vec<String>,
    /// The derivation's environment, without the variables that a sandbox adds. Empty of
    /// attributes when [`BuiltinJob::structured_attrs`] is there.
    pub env: BTreeMap<String, String>,
    /// Structured attributes, if the derivation has them.
    pub structured_attrs: Option<serde_json::Value>,
    /// Where each output is to be made.
    pub outputs: BTreeMap<String, PathBuf>,
    /// The logical store folder, which is the real one inside the sandbox.
    pub store_dir: String,
    /// A folder of the build's own, removed afterwards.
    pub tmp_dir: PathBuf,
}

impl BuiltinJob {
    /// A job from a derivation, with `outputs` as the paths to make.
    ///
    /// # Errors
    /// When the builder is not a builtin, or the derivation holds text that is not UTF-8.
    pub fn from_derivation(
        drv: &Derivation,
        dir: &StoreDir,
        outputs: &BTreeMap<String, StorePath>,
        tmp_dir: PathBuf,
    ) -> Result<Self, FormatError> {
        let builder = drv.builtin_name().ok_or_else(|| {
            FormatError::new(format!("derivation '{}' has no builtin builder", drv.name))
        })?;
        let structured_attrs =
            drv.structured_attrs().map(serde_json::from_str).transpose().map_err(|e| {
                FormatError::new(format!(
                    "structured attributes of '{}' are not JSON: {e}",
                    drv.name
                ))
            })?;
        let mut env = BTreeMap::new();
        for (key, value) in &drv.env {
            env.insert(utf8(key, drv)?, utf8(value, drv)?);
        }
        env.remove(firn_formats::derivation::STRUCTURED_ATTRS);
        Ok(Self {
            name: drv.name.clone(),
            builder: builder.to_owned(),
            args: drv.args.iter().map(|a| utf8(a, drv)).collect::<Result<_, _>>()?,
            env,
            structured_attrs,
            outputs: outputs
                .iter()
                .map(|(name, path)| (name.clone(), PathBuf::from(dir.display(path))))
                .collect(),
            store_dir: dir.to_string(),
            tmp_dir,
        })
    }

    /// An attribute as text: from structured attributes if there are any, else from the
    /// environment.
    pub fn text(&self, name: &str) -> Option<&str> {
        match &self.structured_attrs {
            Some(attrs) => attrs.get(name)?.as_str(),
            None => self.env.get(name).map(String::as_str),
        }
    }

    /// An attribute that must be there.
    ///
    /// # Errors
    /// A message that names derivation and attribute.
    pub fn require(&self, name: &str) -> Result<&str, String> {
        self.text(name).ok_or_else(|| {
            format!(
                "attribute '{name}' missing in derivation '{}' for builtin:{}",
                self.name, self.builder
            )
        })
    }

    /// The store folder as a value.
    ///
    /// # Errors
    /// When it is no absolute path.
    pub fn store_dir(&self) -> Result<StoreDir, FormatError> {
        StoreDir::new(&self.store_dir)
    }
}

fn utf8(bytes: &[u8], drv: &Derivation) -> Result<String, FormatError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| {
        FormatError::new(format!(
            "derivation '{}' for {} holds text that is not UTF-8: '{}'",
            drv.name,
            String::from_utf8_lossy(&drv.builder),
            bytes.escape_ascii()
        ))
    })
}

/// A builder that is part of the program.
///
/// Runs inside the sandbox, in the helper process. Standard error is the build log; a line that
/// begins with `@firn ` and holds a JSON object is an event.
pub trait BuiltinBuilder: Send + Sync {
    /// The name after `builtin:`.
    fn name(&self) -> &'static str;

    /// Makes every output of the job.
    ///
    /// # Errors
    /// A message for the user, which becomes the reason of the failed build.
    fn build(&self, job: &BuiltinJob) -> Result<(), String>;
}
