//! The attributes of a derivation that speak to the builder's side.
//!
//! Source: manual, "Advanced attributes". With structured attributes they are read from the JSON,
//! else from the environment, where lists are words and truth is `1`.

use firn_formats::{Derivation, StoreDir, StorePath, StorePathSet};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What an output may refer to: a path, or another output by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AllowedRef {
    /// A store path.
    Path(StorePath),
    /// The name of an output of the same derivation.
    Output(String),
}

/// What must hold for an output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputChecks {
    /// A path's reference to itself does not count (only without structured attributes).
    pub ignore_self_refs: bool,
    /// Largest NAR in bytes.
    pub max_size: Option<u64>,
    /// Largest closure in bytes.
    pub max_closure_size: Option<u64>,
    /// What alone it may refer to.
    pub allowed_references: Option<BTreeSet<AllowedRef>>,
    /// What it must not refer to.
    pub disallowed_references: BTreeSet<AllowedRef>,
    /// What alone may be in its closure.
    pub allowed_requisites: Option<BTreeSet<AllowedRef>>,
    /// What must not be in its closure.
    pub disallowed_requisites: BTreeSet<AllowedRef>,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrvOptions {
    /// Checks of all outputs alike; only without structured attributes.
    pub checks_for_all: Option<OutputChecks>,
    /// Checks by output; only with structured attributes.
    pub checks: BTreeMap<String, OutputChecks>,
    /// Outputs whose references are not kept.
    pub unsafe_discard_references: BTreeSet<String>,
    /// Variables that become files.
    pub pass_as_file: BTreeSet<String>,
    /// Name of a file or attribute, and the paths whose closure is described there.
    pub export_references_graph: BTreeMap<String, StorePathSet>,
    /// What the user should know about what is passed over.
    pub warning: Option<String>,
    /// Whether it wants no sandbox.
    pub no_chroot: bool,
    /// Host paths it wants to see.
    pub impure_host_deps: BTreeSet<String>,
    /// Variables it wants from the caller.
    pub impure_env_vars: BTreeSet<String>,
    /// What a machine must offer.
    pub required_features: BTreeSet<String>,
    /// What it uses where a machine offers it (firn's own attribute `optionalSystemFeatures`).
    pub optional_features: BTreeSet<String>,
    /// What it wants to see as `/bin/sh` (firn's own attribute `sandboxShell`).
    pub shell: Option<String>,
    /// Not worth sending elsewhere.
    pub prefer_local_build: bool,
    /// Whether it may be substituted.
    pub allow_substitutes: bool,
}

impl DrvOptions {
    /// Reads them. Names of inputs of the derivation must already be paths, no placeholders.
    ///
    /// # Errors
    /// An attribute of the wrong type, or a path that is none.
    pub fn of(drv: &Derivation, dir: &StoreDir) -> Result<DrvOptions, String> {
        let attrs = structured(drv)?;
        let source = Source { drv, attrs: attrs.as_ref() };
        let refs = |text: &str| parse_ref(dir, text);
        Ok(DrvOptions {
            checks_for_all: match &attrs {
                Some(_) => None,
                None => Some(checks_from_env(&source, &refs)?),
            },
            checks: attrs
                .as_ref()
                .map(|a| checks_from_json(a, &refs))
                .transpose()?
                .unwrap_or_default(),
            unsafe_discard_references: discard(attrs.as_ref())?,
            pass_as_file: match &attrs {
                Some(_) => BTreeSet::new(),
                None => source.set("passAsFile")?.unwrap_or_default(),
            },
            export_references_graph: export_graph(&source, dir)?,
            warning: source
                .attrs
                .and_then(|attrs| attrs.get("exportReferencesGraph"))
                .filter(|graph| !graph.is_object())
                .map(|_| {
                    "'exportReferencesGraph' in structured attrs is not a JSON object, ignoring"
                        .to_owned()
                }),
            no_chroot: source.flag("__noChroot", false)?,
            impure_host_deps: source.set("__impureHostDeps")?.unwrap_or_default(),
            impure_env_vars: source.set("impureEnvVars")?.unwrap_or_default(),
            required_features: source.set("requiredSystemFeatures")?.unwrap_or_default(),
            optional_features: source.set("optionalSystemFeatures")?.unwrap_or_default(),
            shell: source.text("sandboxShell"),
            prefer_local_build: source.flag("preferLocalBuild", false)?,
            allow_substitutes: source.flag("allowSubstitutes", true)?,
        })
    }

    /// Whether a feature is required.
    pub fn requires(&self, feature: &str) -> bool {
        self.required_features.contains(feature)
    }

    /// Whether a feature is used where it is offered.
    pub fn may_use(&self, feature: &str) -> bool {
        self.optional_features.contains(feature)
    }
}

/// The structured attributes, if there are any.
///
/// # Errors
/// When they are not a JSON object.
pub fn structured(drv: &Derivation) -> Result<Option<Map<String, Value>>, String> {
    let Some(text) = drv.structured_attrs() else { return Ok(None) };
    let object = serde_json::from_str(text);
    object.map(Some).map_err(|e| format!("structured attributes ('__json') are not valid: {e}"))
}

struct Source<'a> {
    drv: &'a Derivation,
    attrs: Option<&'a Map<String, Value>>,
}

impl Source<'_> {
    fn flag(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.attrs {
            Some(attrs) => match attrs.get(name) {
                None => Ok(default),
                Some(Value::Bool(value)) => Ok(*value),
                Some(_) => Err(wrong(name, "a Boolean")),
            },
            None => Ok(self.drv.env(name).map_or(default, |value| value == b"1")),
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.attrs {
            Some(attrs) => attrs.get(name)?.as_str().map(str::to_owned),
            None => String::from_utf8(self.drv.env(name)?.to_vec()).ok(),
        }
    }

    fn set(&self, name: &str) -> Result<Option<BTreeSet<String>>, String> {
        match self.attrs {
            Some(attrs) => attrs.get(name).map(|value| strings(name, value)).transpose(),
            None => Ok(self.drv.env(name).map(|value| words(value).into_iter().collect())),
        }
    }
}

fn wrong(name: &str, wanted: &str) -> String {
    format!("attribute '{name}' must be {wanted}")
}

fn strings(name: &str, value: &Value) -> Result<BTreeSet<String>, String> {
    let items = value.as_array().ok_or_else(|| wrong(name, "a list of strings"))?;
    let text = |item: &Value| item.as_str().map(str::to_owned);
    items.iter().map(|i| text(i).ok_or_else(|| wrong(name, "a list of strings"))).collect()
}

fn words(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value);
    text.split([' ', '\t', '\n', '\r']).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

fn parse_ref(dir: &StoreDir, text: &str) -> Result<AllowedRef, String> {
    if dir.contains(text) {
        let (path, _) = dir.split(text).map_err(|e| e.to_string())?;
        return Ok(AllowedRef::Path(path));
    }
    Ok(AllowedRef::Output(text.to_owned()))
}

type ParseRef<'a> = &'a dyn Fn(&str) -> Result<AllowedRef, String>;

fn checks_from_env(source: &Source<'_>, parse: ParseRef<'_>) -> Result<OutputChecks, String> {
    let refs = |name: &str| -> Result<Option<BTreeSet<AllowedRef>>, String> {
        let parse_all = |set: BTreeSet<String>| set.iter().map(|s| parse(s)).collect();
        source.set(name)?.map(parse_all).transpose()
    };
    Ok(OutputChecks {
        ignore_self_refs: true,
        max_size: None,
        max_closure_size: None,
        allowed_references: refs("allowedReferences")?,
        disallowed_references: refs("disallowedReferences")?.unwrap_or_default(),
        allowed_requisites: refs("allowedRequisites")?,
        disallowed_requisites: refs("disallowedRequisites")?.unwrap_or_default(),
    })
}

fn checks_from_json(
    attrs: &Map<String, Value>,
    parse: ParseRef<'_>,
) -> Result<BTreeMap<String, OutputChecks>, String> {
    let Some(all) = attrs.get("outputChecks") else { return Ok(BTreeMap::new()) };
    let all = all.as_object().ok_or_else(|| wrong("outputChecks", "a set"))?;
    let one = |(output, value): (&String, &Value)| {
        let shown = |name: &str| format!("outputChecks.{output}.{name}");
        let checks = value.as_object().ok_or_else(|| wrong("outputChecks", "a set of sets"))?;
        let refs = |name: &str| -> Result<Option<BTreeSet<AllowedRef>>, String> {
            let Some(value) = checks.get(name) else { return Ok(None) };
            strings(&shown(name), value)?
                .iter()
                .map(|s| parse(s))
                .collect::<Result<_, _>>()
                .map(Some)
        };
        let size = |name: &str| -> Result<Option<u64>, String> {
            let Some(value) = checks.get(name) else { return Ok(None) };
            value.as_u64().map(Some).ok_or_else(|| wrong(&shown(name), "a number of bytes"))
        };
        let made = OutputChecks {
            ignore_self_refs: false,
            max_size: size("maxSize")?,
            max_closure_size: size("maxClosureSize")?,
            allowed_references: refs("allowedReferences")?,
            disallowed_references: refs("disallowedReferences")?.unwrap_or_default(),
            allowed_requisites: refs("allowedRequisites")?,
            disallowed_requisites: refs("disallowedRequisites")?.unwrap_or_default(),
        };
        Ok((output.clone(), made))
    };
    all.iter().map(one).collect()
}

fn discard(attrs: Option<&Map<String, Value>>) -> Result<BTreeSet<String>, String> {
    const NAME: &str = "unsafeDiscardReferences";
    let Some(value) = attrs.and_then(|a| a.get(NAME)) else { return Ok(BTreeSet::new()) };
    let object = value.as_object().ok_or_else(|| wrong(NAME, "a set of Booleans"))?;
    let mut outputs = BTreeSet::new();
    for (output, value) in object {
        if value.as_bool().ok_or_else(|| wrong(NAME, "a set of Booleans"))? {
            outputs.insert(output.clone());
        }
    }
    Ok(outputs)
}

fn export_graph(
    source: &Source<'_>,
    dir: &StoreDir,
) -> Result<BTreeMap<String, StorePathSet>, String> {
    const NAME: &str = "exportReferencesGraph";
    let path = |text: &str| dir.split(text).map(|(path, _)| path).map_err(|e| e.to_string());
    let mut graphs = BTreeMap::new();
    if let Some(attrs) = source.attrs {
        // Anything but a set is passed over with a warning by the reference.
        for (key, value) in attrs.get(NAME).and_then(Value::as_object).into_iter().flatten() {
            let mut texts = BTreeSet::new();
            flatten(value, &mut texts)?;
            let paths = texts.iter().map(|t| path(t)).collect::<Result<_, _>>()?;
            graphs.insert(key.clone(), paths);
        }
        return Ok(graphs);
    }
    let all = words(source.drv.env(NAME).unwrap_or_default());
    if !all.len().is_multiple_of(2) {
        return Err(format!("odd number of tokens in '{NAME}': '{}'", all.join(" ")));
    }
    for pair in all.chunks(2) {
        if !is_file_name(&pair[0]) {
            return Err(format!("invalid file name '{}' in '{NAME}'", pair[0]));
        }
        graphs.insert(pair[0].clone(), StorePathSet::from([path(&pair[1])?]));
    }
    Ok(graphs)
}

fn flatten(value: &Value, into: &mut BTreeSet<String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            into.insert(text.clone());
            Ok(())
        }
        Value::Array(items) => items.iter().try_for_each(|item| flatten(item, into)),
        _ => Err("'exportReferencesGraph' value is not an array or a string".into()),
    }
}

fn is_file_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const P: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x";

    fn drv(env: &[(&str, &str)]) -> Derivation {
        let env = env.iter().map(|(k, v)| (k.as_bytes().to_vec(), v.as_bytes().to_vec()));
        Derivation { env: env.collect(), ..Derivation::default() }
    }

    fn options(env: &[(&str, &str)]) -> Result<DrvOptions, String> {
        DrvOptions::of(&drv(env), &StoreDir::default())
    }

    #[test]
    fn from_the_environment() {
        let o = options(&[
            ("allowedReferences", &format!("out {P}/sub")),
            ("passAsFile", "a  b\n"),
            ("exportReferencesGraph", &format!("graph {P}")),
            ("requiredSystemFeatures", "kvm uid-range"),
            ("preferLocalBuild", "1"),
            ("allowSubstitutes", ""),
        ])
        .unwrap();
        let path = StoreDir::default().parse(P).unwrap();
        let checks = o.checks_for_all.as_ref().unwrap();
        let allowed = [AllowedRef::Path(path.clone()), AllowedRef::Output("out".into())];
        assert_eq!(checks.allowed_references, Some(allowed.into()));
        assert!(checks.ignore_self_refs);
        assert_eq!(o.pass_as_file, ["a", "b"].map(str::to_owned).into());
        assert_eq!(o.export_references_graph["graph"], [path].into());
        assert!(o.requires("uid-range") && o.prefer_local_build && !o.allow_substitutes);
        options(&[("exportReferencesGraph", "odd")]).unwrap_err();
        options(&[("exportReferencesGraph", &format!("../x {P}"))]).unwrap_err();
    }

    #[test]
    fn from_structured_attributes() {
        let json = format!(
            r#"{{"outputChecks":{{"out":{{"maxSize":5,"disallowedRequisites":["dev"]}}}},
            "allowedReferences":["x"],"passAsFile":["a"],"unsafeDiscardReferences":{{"out":true}},
            "exportReferencesGraph":{{"g":["{P}",["{P}"]]}},"__noChroot":true}}"#
        );
        let o = options(&[("__json", &json)]).unwrap();
        assert!(o.checks_for_all.is_none() && o.pass_as_file.is_empty() && o.no_chroot);
        assert_eq!(o.checks["out"].max_size, Some(5));
        assert_eq!(o.checks["out"].disallowed_requisites.len(), 1);
        assert_eq!(o.export_references_graph["g"].len(), 1);
        assert!(o.unsafe_discard_references.contains("out"));
        options(&[("__json", "[]")]).unwrap_err();
        options(&[("__json", r#"{"__noChroot":"yes"}"#)]).unwrap_err();
    }
}
