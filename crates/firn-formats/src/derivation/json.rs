//! Derivations as JSON, format version 4 (what `nix derivation show` of 2.34 prints).
//!
//! Source: manual, "Derivation JSON Format".

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Derivation, DerivationOutput, InputNode, STRUCTURED_ATTRS};
use crate::{ContentAddress, ContentAddressMethod, Hash, HashAlgo, Result, StorePath, error::err};

/// The version that is written, and the only one that is read.
pub const JSON_VERSION: u64 = 4;

impl Derivation {
    /// The derivation as JSON, keys in alphabetical order.
    pub fn to_json(&self) -> Value {
        let outputs: Map<String, Value> =
            self.outputs.iter().map(|(name, output)| (name.clone(), output.to_json())).collect();
        let drvs: Map<String, Value> =
            self.input_drvs.iter().map(|(path, node)| (path.to_string(), node.to_json())).collect();
        let mut out = json!({
            "args": self.args.iter().map(|a| text(a)).collect::<Vec<_>>(),
            "builder": text(&self.builder),
            "env": self.env_json(),
            "inputs": {
                "drvs": drvs,
                "srcs": self.input_srcs.iter().map(StorePath::as_str).collect::<Vec<_>>(),
            },
            "name": self.name,
            "outputs": outputs,
        });
        if let Some(attrs) = self.structured_attrs_json() {
            out["structuredAttrs"] = attrs;
        }
        out["system"] = json!(self.platform);
        out["version"] = json!(JSON_VERSION);
        out
    }

    fn structured_attrs_json(&self) -> Option<Value> {
        serde_json::from_str(self.structured_attrs()?).ok()
    }

    fn env_json(&self) -> Map<String, Value> {
        let hide_attrs = self.structured_attrs_json().is_some();
        self.env
            .iter()
            .filter(|(name, _)| !(hide_attrs && name.as_slice() == STRUCTURED_ATTRS.as_bytes()))
            .map(|(name, value)| (text(name), Value::String(text(value))))
            .collect()
    }

    /// Reads a derivation from JSON.
    ///
    /// # Errors
    /// A version other than 4, a missing key or a value of the wrong type; the message names it.
    pub fn from_json(value: &Value) -> Result<Self> {
        let version = field(value, "version")?;
        if version.as_u64() != Some(JSON_VERSION) {
            return Err(err!(
                "Unsupported derivation JSON format version {version}, only format version {JSON_VERSION} is currently supported."
            ));
        }
        let inputs = field(value, "inputs")?;
        let mut drv = Self {
            name: string(field(value, "name")?, "name")?,
            platform: string(field(value, "system")?, "system")?,
            builder: string(field(value, "builder")?, "builder")?.into_bytes(),
            args: strings(field(value, "args")?, "args")?
                .into_iter()
                .map(String::into_bytes)
                .collect(),
            ..Self::default()
        };
        for (name, output) in object(field(value, "outputs")?, "outputs")? {
            let output = DerivationOutput::from_json(output)
                .map_err(|e| e.context(format!("while reading output '{name}'")))?;
            drv.outputs.insert(name.clone(), output);
        }
        for path in strings(field(inputs, "srcs")?, "srcs")? {
            drv.input_srcs.insert(StorePath::new(&path)?);
        }
        for (path, node) in object(field(inputs, "drvs")?, "drvs")? {
            drv.input_drvs.insert(StorePath::new(path)?, InputNode::from_json(node)?);
        }
        for (name, value) in object(field(value, "env")?, "env")? {
            drv.env.insert(name.clone().into_bytes(), string(value, name)?.into_bytes());
        }
        if let Some(attrs) = value.get("structuredAttrs") {
            drv.env.insert(STRUCTURED_ATTRS.into(), sorted(attrs).to_string().into_bytes());
        }
        Ok(drv)
    }
}

impl DerivationOutput {
    /// The output as JSON.
    pub fn to_json(&self) -> Value {
        match self {
            Self::InputAddressed(path) => json!({ "path": path.as_str() }),
            Self::Fixed(ca) => json!({ "hash": ca.hash.sri(), "method": ca.method.name() }),
            Self::Floating { method, algo } => {
                json!({ "hashAlgo": algo.name(), "method": method.name() })
            }
            Self::Deferred => json!({}),
            Self::Impure { method, algo } => {
                json!({ "hashAlgo": algo.name(), "impure": true, "method": method.name() })
            }
        }
    }

    /// Reads an output from JSON; its kind follows from the keys present.
    pub fn from_json(value: &Value) -> Result<Self> {
        let keys: BTreeSet<&str> = object(value, "output")?.keys().map(String::as_str).collect();
        let keys: Vec<&str> = keys.into_iter().collect();
        match keys.as_slice() {
            [] => Ok(Self::Deferred),
            ["path"] => Ok(Self::InputAddressed(StorePath::new(&string(&value["path"], "path")?)?)),
            ["hash", "method"] => Ok(Self::Fixed(ContentAddress {
                method: method_of(value)?,
                hash: Hash::parse_sri(&string(&value["hash"], "hash")?)?,
            })),
            ["hashAlgo", "method"] => {
                Ok(Self::Floating { method: method_of(value)?, algo: algo_of(value)? })
            }
            ["hashAlgo", "impure", "method"] => {
                Ok(Self::Impure { method: method_of(value)?, algo: algo_of(value)? })
            }
            _ => Err(err!("invalid JSON for derivation output")),
        }
    }
}

impl InputNode {
    fn to_json(&self) -> Value {
        let dynamic: Map<String, Value> =
            self.dynamic.iter().map(|(name, node)| (name.clone(), node.to_json())).collect();
        json!({ "dynamicOutputs": dynamic, "outputs": self.outputs })
    }

    fn from_json(value: &Value) -> Result<Self> {
        let mut dynamic = BTreeMap::new();
        for (name, node) in object(field(value, "dynamicOutputs")?, "dynamicOutputs")? {
            dynamic.insert(name.clone(), Self::from_json(node)?);
        }
        Ok(Self {
            outputs: strings(field(value, "outputs")?, "outputs")?.into_iter().collect(),
            dynamic,
        })
    }
}

fn method_of(value: &Value) -> Result<ContentAddressMethod> {
    string(&value["method"], "method")?.parse()
}

fn algo_of(value: &Value) -> Result<HashAlgo> {
    string(&value["hashAlgo"], "hashAlgo")?.parse()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The value with the keys of all its objects in order, which is how structured attributes are
/// stored.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: BTreeMap<&String, Value> =
                map.iter().map(|(k, v)| (k, sorted(v))).collect();
            Value::Object(ordered.into_iter().map(|(k, v)| (k.clone(), v)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn field<'a>(value: &'a Value, key: &str) -> Result<&'a Value> {
    value.get(key).ok_or_else(|| err!("Expected JSON object to contain key '{key}' but it doesn't"))
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>> {
    value
        .as_object()
        .ok_or_else(|| err!("while reading key '{what}': expected JSON value to be an object"))
}

fn string(value: &Value, what: &str) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| err!("while reading key '{what}': expected JSON value to be a string"))
}

fn strings(value: &Value, what: &str) -> Result<Vec<String>> {
    value
        .as_array()
        .ok_or_else(|| err!("while reading key '{what}': expected JSON value to be an array"))?
        .iter()
        .map(|item| string(item, what))
        .collect()
}
