//! Attributes of an input: a small, ordered map of strings, integers and booleans.
//!
//! This is what lock files, registries and `builtins.fetchTree` carry (Nix manual, "flake.lock").

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::InputError;

/// One attribute's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attr {
    /// A string.
    Text(String),
    /// A non-negative integer (`lastModified`, `revCount`).
    Int(u64),
    /// A truth value (`shallow`, `submodules`).
    Bool(bool),
}

impl From<&str> for Attr {
    fn from(text: &str) -> Self {
        Attr::Text(text.to_owned())
    }
}

impl From<String> for Attr {
    fn from(text: String) -> Self {
        Attr::Text(text)
    }
}

impl From<u64> for Attr {
    fn from(number: u64) -> Self {
        Attr::Int(number)
    }
}

impl From<bool> for Attr {
    fn from(truth: bool) -> Self {
        Attr::Bool(truth)
    }
}

/// Attributes by name, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attrs(BTreeMap<String, Attr>);

impl Attrs {
    /// No attributes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: &str, value: impl Into<Attr>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// The same attributes with one more.
    pub fn with(mut self, name: &str, value: impl Into<Attr>) -> Self {
        self.set(name, value);
        self
    }

    /// Takes an attribute away and returns it.
    pub fn remove(&mut self, name: &str) -> Option<Attr> {
        self.0.remove(name)
    }

    /// The attribute of that name.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.0.get(name)
    }

    /// All attributes in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attr)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A string attribute, if it is there; an error if it is of another kind.
    pub fn text(&self, name: &str) -> Result<Option<&str>, InputError> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Text(text)) => Ok(Some(text)),
            Some(_) => Err(InputError::new(format!("input attribute '{name}' is not a string"))),
        }
    }

    /// A string attribute that has to be there.
    pub fn required_text(&self, name: &str) -> Result<&str, InputError> {
        self.text(name)?
            .ok_or_else(|| InputError::new(format!("input attribute '{name}' is missing")))
    }

    /// An integer attribute, if it is there; an error if it is of another kind.
    pub fn int(&self, name: &str) -> Result<Option<u64>, InputError> {
        match self.get(name) {
            None => Ok(None),
            Some(Attr::Int(number)) => Ok(Some(*number)),
            Some(_) => Err(InputError::new(format!("input attribute '{name}' is not an integer"))),
        }
    }

    /// A truth value; absent means false.
    pub fn flag(&self, name: &str) -> Result<bool, InputError> {
        match self.get(name) {
            None => Ok(false),
            Some(Attr::Bool(truth)) => Ok(*truth),
            Some(_) => Err(InputError::new(format!("input attribute '{name}' is not a Boolean"))),
        }
    }

    /// Reads the attributes of a JSON object.
    pub fn from_json(json: &Value) -> Result<Self, InputError> {
        let Value::Object(object) = json else {
            return Err(InputError::new("input attributes are not a JSON object"));
        };
        let mut attrs = Attrs::new();
        for (name, value) in object {
            attrs.0.insert(name.clone(), attr_from_json(name, value)?);
        }
        Ok(attrs)
    }

    /// The attributes as a JSON object, sorted by name.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        for (name, value) in &self.0 {
            let value = match value {
                Attr::Text(text) => Value::from(text.as_str()),
                Attr::Int(number) => Value::from(*number),
                Attr::Bool(truth) => Value::from(*truth),
            };
            object.insert(name.clone(), value);
        }
        Value::Object(object)
    }
}

fn attr_from_json(name: &str, value: &Value) -> Result<Attr, InputError> {
    match value {
        Value::String(text) => Ok(Attr::Text(text.clone())),
        Value::Bool(truth) => Ok(Attr::Bool(*truth)),
        Value::Number(number) => number.as_u64().map(Attr::Int).ok_or_else(|| {
            InputError::new(format!("input attribute '{name}' is not a non-negative integer"))
        }),
        _ => Err(InputError::new(format!(
            "input attribute '{name}' has an unsupported JSON type; a string, integer or Boolean is expected"
        ))),
    }
}
