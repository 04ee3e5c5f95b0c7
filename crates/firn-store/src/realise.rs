//! Making paths valid: who builds is chosen by the program.

use std::collections::BTreeMap;

use firn_formats::{DerivedPath, StorePath};

use crate::{StoreError, StoreResult};

/// What to do with paths that are valid already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildMode {
    /// Leave them.
    #[default]
    Normal,
    /// Build again and compare.
    Check,
    /// Build or fetch again and replace what differs.
    Repair,
}

/// One request and what it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realised {
    /// What was asked for.
    pub wanted: DerivedPath,
    /// Outputs by name; a path asked for as it is stands under the empty name.
    pub outputs: BTreeMap<String, StorePath>,
}

/// Makes paths valid by building or substituting them.
///
/// The evaluator's import from derivation, the command line and the test driver all ask here.
pub trait Realise: Send + Sync {
    /// Makes everything in `wanted` valid; the answer is in the order of the request.
    ///
    /// # Errors
    /// The first failure, after its log has been reported as events.
    fn realise(&self, wanted: &[DerivedPath], mode: BuildMode) -> StoreResult<Vec<Realised>>;
}

/// A realiser for programs that only evaluate: refuses everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRealise;

impl Realise for NoRealise {
    fn realise(&self, wanted: &[DerivedPath], _mode: BuildMode) -> StoreResult<Vec<Realised>> {
        match wanted.first() {
            None => Ok(Vec::new()),
            Some(first) => Err(StoreError::Unsupported(format!(
                "building: '{}' is needed but nothing may be built here",
                first.base()
            ))),
        }
    }
}
