//! Hashing a derivation without what does not matter: how its fixed outputs are fetched, and
//! what its own outputs are called.
//!
//! Source: manual, "Complete store path calculation" and "Input-addressed derivation outputs".

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    Derivation, DerivationOutput, DerivationType,
    aterm::{InputKey, Printer},
};
use crate::{FormatError, Hash, Result, StoreDir, StorePath, error::err};

/// What stands for a derivation in the hash of those that depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HashModulo {
    /// An input-addressed derivation.
    Drv(Hash),
    /// A fixed-output derivation: one hash for each output.
    Fixed(BTreeMap<String, Hash>),
    /// Not known before something is built.
    Deferred,
}

impl Derivation {
    /// What stands for this derivation in others.
    ///
    /// `lookup` gives the same for an input derivation; see [`ModuloMemo`].
    pub fn hash_modulo<E: From<FormatError>>(
        &self,
        dir: &StoreDir,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<HashModulo, E> {
        match self.kind()? {
            DerivationType::Fixed => Ok(HashModulo::Fixed(self.fixed_hashes(dir)?)),
            DerivationType::InputAddressed => Ok(match self.modulo_hash(dir, false, lookup)? {
                Some(hash) => HashModulo::Drv(hash),
                None => HashModulo::Deferred,
            }),
            _ => Ok(HashModulo::Deferred),
        }
    }

    fn fixed_hashes(&self, dir: &StoreDir) -> Result<BTreeMap<String, Hash>> {
        let mut hashes = BTreeMap::new();
        for (name, output) in &self.outputs {
            let DerivationOutput::Fixed(ca) = output else {
                continue;
            };
            if let Some(path) = output.path(dir, &self.name, name)? {
                let text = format!(
                    "fixed:out:{}:{}:{}",
                    ca.method_and_algo(),
                    ca.hash.base16(),
                    dir.display(&path)
                );
                hashes.insert(name.clone(), Hash::sha256(text));
            }
        }
        Ok(hashes)
    }

    /// The hash that output paths are computed from: this derivation with its own outputs masked.
    /// `None` while an input is not known.
    pub fn hash_masked<E: From<FormatError>>(
        &self,
        dir: &StoreDir,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<Option<Hash>, E> {
        self.modulo_hash(dir, true, lookup)
    }

    fn modulo_hash<E: From<FormatError>>(
        &self,
        dir: &StoreDir,
        masked: bool,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<Option<Hash>, E> {
        let Some(inputs) = self.input_hashes(lookup)? else {
            return Ok(None);
        };
        let mut printer = Printer::new(dir);
        printer.head(self, masked)?;
        for (i, (hash, outputs)) in inputs.iter().enumerate() {
            let outputs = outputs.iter();
            printer.input(i == 0, InputKey::Hash(hash), outputs, &BTreeMap::new());
        }
        printer.tail(self, masked);
        Ok(Some(Hash::sha256(&printer.out)))
    }

    fn input_hashes<E: From<FormatError>>(
        &self,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<Option<BTreeMap<Hash, BTreeSet<String>>>, E> {
        let mut inputs: BTreeMap<Hash, BTreeSet<String>> = BTreeMap::new();
        for (path, node) in &self.input_drvs {
            if !node.dynamic.is_empty() {
                return Ok(None);
            }
            match lookup(path)? {
                HashModulo::Deferred => return Ok(None),
                HashModulo::Drv(hash) => {
                    inputs.entry(hash).or_default().extend(node.outputs.iter().cloned());
                }
                HashModulo::Fixed(hashes) => {
                    for output in &node.outputs {
                        let hash = hashes.get(output).ok_or_else(|| {
                            err!("no hash for output '{output}' of derivation '{path}'")
                        })?;
                        inputs.entry(*hash).or_default().insert("out".to_owned());
                    }
                }
            }
        }
        Ok(Some(inputs))
    }

    /// Fills in the paths of deferred outputs and the variables named after outputs, once the
    /// inputs are known. Outputs stay deferred while they are not.
    ///
    /// A variable is set when it is absent or empty, as `derivationStrict` and
    /// `derivation add` need it.
    pub fn fill_outputs<E: From<FormatError>>(
        &mut self,
        dir: &StoreDir,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<(), E> {
        let kind = self.kind()?;
        if kind.has_known_output_paths() || kind == DerivationType::Deferred {
            // The variables are part of what is hashed, though empty.
            for name in self.outputs.keys() {
                self.env.entry(name.clone().into_bytes()).or_default();
            }
        }
        let hash = match kind {
            DerivationType::Deferred => self.hash_masked(dir, lookup)?,
            _ => None,
        };
        let mut paths = Vec::new();
        for (name, output) in &mut self.outputs {
            if let (DerivationOutput::Deferred, Some(hash)) = (&*output, &hash) {
                *output =
                    DerivationOutput::InputAddressed(dir.make_output_path(name, hash, &self.name)?);
            }
            if let Some(path) = output.path(dir, &self.name, name)? {
                paths.push((name.clone(), path));
            }
        }
        for (name, path) in paths {
            let value = self.env.entry(name.into_bytes()).or_default();
            if value.is_empty() {
                *value = dir.display(&path).into_bytes();
            }
        }
        Ok(())
    }

    /// Checks that outputs and the variables named after them are what the derivation gives.
    ///
    /// # Errors
    /// The first path or variable that is not.
    pub fn check_outputs<E: From<FormatError>>(
        &self,
        dir: &StoreDir,
        lookup: &mut dyn FnMut(&StorePath) -> Result<HashModulo, E>,
    ) -> Result<(), E> {
        let hash = match self.kind()? {
            DerivationType::InputAddressed => self.hash_masked(dir, lookup)?,
            _ => None,
        };
        for (name, output) in &self.outputs {
            let wanted = match output {
                DerivationOutput::InputAddressed(given) => {
                    Some(self.expected_path(dir, name, given, hash.as_ref())?)
                }
                other => other.path(dir, &self.name, name)?,
            };
            if let Some(wanted) = wanted {
                self.check_variable(dir, name, &wanted)?;
            }
        }
        Ok(())
    }

    fn expected_path(
        &self,
        dir: &StoreDir,
        output: &str,
        given: &StorePath,
        hash: Option<&Hash>,
    ) -> Result<StorePath> {
        let Some(hash) = hash else {
            return Err(err!(
                "derivation has incorrect output '{}', should be deferred",
                dir.display(given)
            ));
        };
        let wanted = dir.make_output_path(output, hash, &self.name)?;
        if wanted != *given {
            return Err(err!(
                "derivation has incorrect output '{}', should be '{}'",
                dir.display(given),
                dir.display(&wanted)
            ));
        }
        Ok(wanted)
    }

    fn check_variable(&self, dir: &StoreDir, name: &str, wanted: &StorePath) -> Result<()> {
        let wanted = dir.display(wanted);
        match self.env(name) {
            Some(value) if value == wanted.as_bytes() => Ok(()),
            Some(value) => Err(err!(
                "derivation has incorrect environment variable '{name}', should be '{wanted}' but is actually '{}'",
                String::from_utf8_lossy(value)
            )),
            None => Err(err!(
                "derivation has missing environment variable '{name}', should be '{wanted}' but is not present"
            )),
        }
    }
}

/// Hashes of derivations already seen, so that each is hashed once.
///
/// The hash of a derivation follows from its path, so one memo serves a whole process.
#[derive(Debug, Default)]
pub struct ModuloMemo {
    known: HashMap<StorePath, HashModulo>,
}

impl ModuloMemo {
    /// An empty memo.
    pub fn new() -> Self {
        Self::default()
    }

    /// What is known about the derivation at `path`.
    pub fn get(&self, path: &StorePath) -> Option<&HashModulo> {
        self.known.get(path)
    }

    /// Remembers the hash of a derivation just made.
    pub fn insert(&mut self, path: StorePath, hash: HashModulo) {
        self.known.insert(path, hash);
    }

    /// The hash of the derivation at `path`, with those of its inputs first.
    ///
    /// `load` reads a derivation that is not known. Deep graphs need no deep stack.
    pub fn of<E: From<FormatError>>(
        &mut self,
        dir: &StoreDir,
        path: &StorePath,
        load: &mut dyn FnMut(&StorePath) -> Result<Derivation, E>,
    ) -> Result<HashModulo, E> {
        if let Some(known) = self.known.get(path) {
            return Ok(known.clone());
        }
        let mut pending: Vec<(StorePath, Derivation, bool)> =
            vec![(path.clone(), load(path)?, false)];
        while let Some((path, drv, inputs_done)) = pending.pop() {
            if self.known.contains_key(&path) {
                continue;
            }
            let missing: Vec<StorePath> = match drv.kind()? {
                DerivationType::InputAddressed => drv
                    .input_drvs
                    .keys()
                    .filter(|input| !self.known.contains_key(*input))
                    .cloned()
                    .collect(),
                _ => Vec::new(),
            };
            if missing.is_empty() {
                let hash = drv.hash_modulo(dir, &mut |input| self.need(input))?;
                self.known.insert(path, hash);
            } else if inputs_done {
                return Err(err!("derivation '{path}' depends on itself").into());
            } else {
                pending.push((path, drv, true));
                for input in missing {
                    let drv = load(&input)?;
                    pending.push((input, drv, false));
                }
            }
        }
        Ok(self.need(path)?)
    }

    fn need(&self, path: &StorePath) -> Result<HashModulo> {
        self.known
            .get(path)
            .cloned()
            .ok_or_else(|| err!("the hash of derivation '{path}' is not known"))
    }
}
