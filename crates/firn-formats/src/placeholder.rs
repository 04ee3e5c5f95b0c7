//! Text that stands in a derivation for an output path nobody knows yet.
//!
//! Source: manual, "Derivation outputs" and `builtins.placeholder`.

use crate::{Hash, Result, SingleDerivedPath, StorePath, nix32, output_path_name};

/// What `builtins.placeholder` returns: replaced by the output's own path during the build.
pub fn hash_placeholder(output: &str) -> String {
    render(&Hash::sha256(format!("nix-output:{output}")))
}

fn render(hash: &Hash) -> String {
    let mut out = String::from("/");
    out.push_str(&nix32::encode(hash.bytes()));
    out
}

/// Stands for an output of *another* derivation whose path is not known before it is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placeholder(Hash);

impl Placeholder {
    /// For output `output` of the content-addressing derivation at `drv_path`.
    ///
    /// # Errors
    /// When `drv_path` names no derivation.
    pub fn unknown_output(drv_path: &StorePath, output: &str) -> Result<Self> {
        Ok(Self(Hash::sha256(format!(
            "nix-upstream-output:{}:{}",
            drv_path.hash_part(),
            output_path_name(drv_path.derivation_name()?, output)
        ))))
    }

    /// For output `output` of the derivation that `self` will turn out to be.
    #[must_use]
    pub fn unknown_derivation(&self, output: &str) -> Self {
        Self(Hash::sha256(format!("nix-computed-output:{}:{output}", self.0.compress(20).nix32())))
    }

    /// For a built path: chains through derivations that are themselves outputs.
    ///
    /// # Errors
    /// When the innermost path names no derivation.
    pub fn for_built(drv: &SingleDerivedPath, output: &str) -> Result<Self> {
        match drv {
            SingleDerivedPath::Opaque(path) => Self::unknown_output(path, output),
            SingleDerivedPath::Built { drv, output: inner } => {
                Ok(Self::for_built(drv, inner)?.unknown_derivation(output))
            }
        }
    }

    /// The text that appears in derivations.
    pub fn render(&self) -> String {
        render(&self.0)
    }
}
