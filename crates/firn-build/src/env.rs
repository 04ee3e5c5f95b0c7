//! What a builder finds in its environment and in its build folder.
//!
//! Source: manual, "Building", "Builder execution", and the reference's behaviour for the details.

use crate::attrs;
use crate::drv_options::{DrvOptions, structured};
use crate::references;
use firn_formats::{Derivation, DerivationType, Hash, StorePathSet, derivation, hash_placeholder};
use firn_store::{Store, StoreError, StoreResult};
use std::collections::BTreeMap;

/// Replaces byte strings in what is handed to a builder: placeholders by paths.
#[derive(Debug, Clone, Default)]
pub struct Rewrites(Vec<(Vec<u8>, Vec<u8>)>);

impl Rewrites {
    /// From texts to texts; none may contain another.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Rewrites {
        Rewrites(pairs.into_iter().map(|(a, b)| (a.into_bytes(), b.into_bytes())).collect())
    }

    /// `text` with every occurrence replaced.
    pub fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut out = text.to_vec();
        for (from, to) in &self.0 {
            out = replace(&out, from, to);
        }
        out
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(from.len().max(1)).position(|w| w == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// The environment and the extra files of one build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuilderEnv {
    /// All variables.
    pub variables: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Files in the build folder, by name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// What the environment is made from.
pub struct EnvInputs<'a> {
    /// The store with the inputs.
    pub store: &'a dyn Store,
    /// The derivation, resolved.
    pub drv: &'a Derivation,
    /// Its options.
    pub options: &'a DrvOptions,
    /// Its type.
    pub kind: DerivationType,
    /// The closure of its inputs.
    pub inputs: &'a StorePathSet,
    /// The build folder as the builder sees it.
    pub build_dir: &'a str,
    /// How many processors to use.
    pub cores: usize,
    /// Variables of the caller.
    pub impure: &'a BTreeMap<String, String>,
}

/// Makes them.
///
/// # Errors
/// A graph that can't be exported; structured attributes that are none.
pub fn builder_env(from: &EnvInputs<'_>, rewrites: &Rewrites) -> StoreResult<BuilderEnv> {
    let mut made = BuilderEnv::default();
    let mut set = |name: &str, value: &str| {
        made.variables.insert(name.into(), value.into());
    };
    // Shells would fall back to a default search path; programs would look for the home folder of
    // the user in /etc/passwd.
    set("PATH", "/path-not-set");
    set("HOME", "/homeless-shelter");
    set("NIX_STORE", from.store.store_dir().as_str());
    set("NIX_BUILD_CORES", &from.cores.to_string());
    match structured(from.drv).map_err(StoreError::other)? {
        Some(attrs) => add_structured(&mut made, from, attrs)?,
        None => add_plain(&mut made, from)?,
    }
    let mut set = |name: &str, value: &str| {
        made.variables.insert(name.into(), value.into());
    };
    for name in ["NIX_BUILD_TOP", "TMPDIR", "TEMPDIR", "TMP", "TEMP", "PWD"] {
        set(name, from.build_dir);
    }
    if from.kind == DerivationType::Fixed {
        set("NIX_OUTPUT_CHECKED", "1");
    }
    if !from.kind.is_sandboxed() {
        for name in &from.options.impure_env_vars {
            set(name, from.impure.get(name).map_or("", String::as_str));
        }
    }
    set("NIX_LOG_FD", "2");
    set("TERM", "xterm-256color");
    made.variables = made
        .variables
        .into_iter()
        .map(|(name, value)| (rewrites.apply(&name), rewrites.apply(&value)))
        .collect();
    for contents in made.files.values_mut() {
        *contents = rewrites.apply(contents);
    }
    Ok(made)
}

fn add_plain(made: &mut BuilderEnv, from: &EnvInputs<'_>) -> StoreResult<()> {
    for (name, value) in &from.drv.env {
        let text = String::from_utf8_lossy(name);
        if from.options.pass_as_file.contains(&*text) {
            let file = format!(".attr-{}", Hash::sha256(name).nix32());
            let variable = [&name[..], b"Path"].concat();
            made.variables.insert(variable, format!("{}/{file}", from.build_dir).into_bytes());
            made.files.insert(file, value.clone());
        } else {
            made.variables.insert(name.clone(), value.clone());
        }
    }
    for (file, paths) in &from.options.export_references_graph {
        let graph = references::export(from.store, paths, from.inputs)?;
        let text = references::registration(from.store, &graph)?;
        made.files.insert(file.clone(), text.into_bytes());
    }
    Ok(())
}

fn add_structured(
    made: &mut BuilderEnv,
    from: &EnvInputs<'_>,
    mut object: serde_json::Map<String, serde_json::Value>,
) -> StoreResult<()> {
    let outputs = from.drv.outputs.keys().map(|name| (name.clone(), hash_placeholder(name).into()));
    object.insert("outputs".into(), serde_json::Value::Object(outputs.collect()));
    for (key, paths) in &from.options.export_references_graph {
        let graph = references::export(from.store, paths, from.inputs)?;
        object.insert(key.clone(), references::as_json(from.store, &graph)?);
    }
    let files = [
        ("NIX_ATTRS_SH_FILE", ".attrs.sh", attrs::to_shell(&object)),
        ("NIX_ATTRS_JSON_FILE", ".attrs.json", attrs::to_json(&object)),
    ];
    for (variable, file, contents) in files {
        let path = format!("{}/{file}", from.build_dir);
        made.variables.insert(variable.into(), path.into_bytes());
        made.files.insert(file.into(), contents.into_bytes());
    }
    debug_assert!(!made.variables.contains_key(derivation::STRUCTURED_ATTRS.as_bytes()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_everywhere() {
        let rewrites = Rewrites::new([("ab".into(), "xyz".into()), ("q".into(), String::new())]);
        for (text, expected) in [("", ""), ("ab", "xyz"), ("cabab!q", "cxyzxyz!"), ("aab", "axyz")]
        {
            assert_eq!(rewrites.apply(text.as_bytes()), expected.as_bytes());
        }
    }
}
