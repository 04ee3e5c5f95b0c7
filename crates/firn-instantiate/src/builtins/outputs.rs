//! The outputs of a derivation: what attributes say about them, and what follows.

use std::collections::BTreeSet;

use firn_eval::{ErrorKind, Machine, Pos, R};
use firn_formats::{
    ContentAddress, ContentAddressMethod, Derivation, DerivationOutput, Hash, HashAlgo,
    Placeholder, SingleDerivedPath, StoreDir, StorePath, hash_placeholder,
};

use super::attributes::require;
use super::{HostHandle, failed};

/// What attributes say about outputs.
pub(super) struct Specification {
    /// The names.
    pub names: BTreeSet<String>,
    /// `outputHash`.
    pub hash: Option<String>,
    /// `outputHashAlgo`.
    pub algo: Option<HashAlgo>,
    /// `outputHashMode`.
    pub mode: Option<ContentAddressMethod>,
    /// `__contentAddressed`.
    pub floating: bool,
    /// `__impure`.
    pub impure: bool,
}

impl Default for Specification {
    fn default() -> Self {
        Specification {
            names: BTreeSet::from(["out".to_owned()]),
            hash: None,
            algo: None,
            mode: None,
            floating: false,
            impure: false,
        }
    }
}

impl Specification {
    /// Takes `outputHashAlgo`; an empty or unknown name leaves it open, as the reference does.
    pub fn set_algo(&mut self, _m: &mut Machine, text: &str) -> R<()> {
        self.algo = text.parse().ok();
        Ok(())
    }

    /// Takes `outputHashMode`.
    pub fn set_mode(&mut self, m: &mut Machine, text: &str, name: &str) -> R<()> {
        let mode = match text {
            "recursive" | "nar" => ContentAddressMethod::Nar,
            "flat" => ContentAddressMethod::Flat,
            "text" => ContentAddressMethod::Text,
            "git" => ContentAddressMethod::Git,
            _ => {
                let text = format!("invalid value '{text}' for 'outputHashMode' attribute");
                return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
            }
        };
        self.mode = Some(mode);
        let _ = name;
        require(m, mode == ContentAddressMethod::Text, "dynamic-derivations")?;
        require(m, mode == ContentAddressMethod::Git, "git-hashing")
    }

    /// Takes `outputs`.
    pub fn set_outputs<'n>(
        &mut self,
        m: &mut Machine,
        names: impl Iterator<Item = &'n str>,
    ) -> R<()> {
        self.names.clear();
        for name in names {
            if name == "drvPath" {
                return Err(m.fail(
                    ErrorKind::Eval,
                    Pos::NONE,
                    "invalid derivation output name 'drvPath'",
                ));
            }
            if !self.names.insert(name.to_owned()) {
                let text = format!("duplicate derivation output '{name}'");
                return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
            }
        }
        if self.names.is_empty() {
            let text = "derivation cannot have an empty set of outputs";
            return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
        }
        Ok(())
    }

    fn only_out(&self) -> bool {
        self.names.len() == 1 && self.names.contains("out")
    }
}

/// Fails when a derivation of this name must not have these outputs.
pub(super) fn check_name(m: &mut Machine, name: &str, spec: &Specification) -> R<()> {
    let makes_derivation = spec.mode == Some(ContentAddressMethod::Text) && spec.only_out();
    if name.ends_with(".drv") && !makes_derivation {
        let text = "derivation names are allowed to end in '.drv' only if they produce a single derivation file";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    Ok(())
}

/// Gives the derivation its outputs; the paths of input-addressed ones are left open.
pub(super) fn declare(
    m: &mut Machine,
    drv: &mut Derivation,
    spec: &Specification,
    host: &HostHandle,
) -> R<()> {
    check_name(m, &drv.name, spec)?;
    match &spec.hash {
        Some(hash) => fixed(m, drv, spec, hash, host.store_dir()),
        None if spec.floating || spec.impure => floating(m, drv, spec),
        None => {
            for name in &spec.names {
                drv.env.insert(name.clone().into_bytes(), Vec::new());
                drv.outputs.insert(name.clone(), DerivationOutput::Deferred);
            }
            Ok(())
        }
    }
}

fn fixed(
    m: &mut Machine,
    drv: &mut Derivation,
    spec: &Specification,
    hash: &str,
    dir: &StoreDir,
) -> R<()> {
    let output = DerivationOutput::Fixed(fixed_address(m, spec, hash)?);
    let path = output.path(dir, &drv.name, "out");
    if let Some(path) = failed(m, Pos::NONE, path)? {
        drv.env.insert(b"out".to_vec(), dir.display(&path).into_bytes());
    }
    drv.outputs.insert("out".to_owned(), output);
    Ok(())
}

/// The content of the only output, which `outputHash` tells.
pub(super) fn fixed_address(
    m: &mut Machine,
    spec: &Specification,
    hash: &str,
) -> R<ContentAddress> {
    if !spec.only_out() {
        let text = "multiple outputs are not supported in fixed-output derivations";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let hash = parse_hash(m, hash, spec.algo)?;
    Ok(ContentAddress { method: spec.mode.unwrap_or(ContentAddressMethod::Flat), hash })
}

/// The hash that `outputHash` says; an empty one means that the user does not know it yet.
fn parse_hash(m: &mut Machine, text: &str, algo: Option<HashAlgo>) -> R<Hash> {
    if !text.is_empty() {
        let hash = Hash::parse_any(text, algo);
        return failed(m, Pos::NONE, hash);
    }
    let Some(algo) = algo else {
        return Err(m.fail(
            ErrorKind::Eval,
            Pos::NONE,
            "empty hash requires explicit hash algorithm",
        ));
    };
    let zero = Hash::zero(algo);
    m.host().warn(&format!("found empty hash, assuming '{}'", zero.sri()));
    Ok(zero)
}

fn floating(m: &mut Machine, drv: &mut Derivation, spec: &Specification) -> R<()> {
    if spec.floating && spec.impure {
        let text = "derivation cannot be both content-addressed and impure";
        return Err(m.fail(ErrorKind::Eval, Pos::NONE, text));
    }
    let method = spec.mode.unwrap_or(ContentAddressMethod::Nar);
    let algo = spec.algo.unwrap_or(HashAlgo::Sha256);
    for name in &spec.names {
        let output = match spec.impure {
            true => DerivationOutput::Impure { method, algo },
            false => DerivationOutput::Floating { method, algo },
        };
        drv.env.insert(name.clone().into_bytes(), hash_placeholder(name).into_bytes());
        drv.outputs.insert(name.clone(), output);
    }
    Ok(())
}

/// What stands for an output in strings: its path, or a placeholder while that is not known.
pub(super) fn text(
    m: &mut Machine,
    dir: &StoreDir,
    drv: &Derivation,
    path: &StorePath,
    name: &str,
    output: &DerivationOutput,
) -> R<String> {
    let known = output.path(dir, &drv.name, name);
    match failed(m, Pos::NONE, known)? {
        Some(path) => Ok(dir.display(&path)),
        None => {
            let placeholder =
                Placeholder::for_built(&SingleDerivedPath::Opaque(path.clone()), name);
            Ok(failed(m, Pos::NONE, placeholder)?.render())
        }
    }
}
