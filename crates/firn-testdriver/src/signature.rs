//! Signatures of the calls that a script can make, written as Python writes them.
//!
//! One text per method serves three ends: binding the arguments of a call, checking the script before it
//! runs, and completion at the prompt.

use crate::failure::{Failure, Outcome};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// A parsed signature.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    params: Vec<Param>,
}

#[derive(Clone, Debug, PartialEq)]
struct Param {
    name: String,
    kind: String,
    default: Option<Value>,
    rest: bool,
    keyword_only: bool,
}

/// Bound arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments(BTreeMap<String, Value>);

impl Signature {
    /// Parses `command: str, timeout: duration = 900`. Texts come from the tables of this crate, and a test
    /// parses them all, so what cannot be read simply has no default.
    pub fn parse(text: &str) -> Self {
        let mut keyword_only = false;
        let parts = text.split(", ").filter(|part| !part.is_empty());
        let params = parts
            .map(|part| {
                let (head, default) = match part.split_once(" = ") {
                    Some((head, default)) => (head, Some(python_literal(default))),
                    None => (part, None),
                };
                let (name, kind) = head.split_once(": ").unwrap_or((head, "any"));
                let rest = name.starts_with('*');
                let param = Param {
                    name: name.trim_start_matches('*').to_string(),
                    kind: kind.to_string(),
                    default,
                    rest,
                    keyword_only,
                };
                keyword_only |= rest;
                param
            })
            .collect();
        Self { params }
    }

    /// Puts the arguments of a call in their places.
    ///
    /// Errors: `TypeError` in Python's own words.
    pub fn bind(
        &self,
        call: &str,
        args: Vec<Value>,
        kwargs: Map<String, Value>,
    ) -> Outcome<Arguments> {
        let mut bound = BTreeMap::new();
        let mut args = args.into_iter();
        for param in &self.params {
            if param.rest {
                let rest: Vec<Value> = args.by_ref().collect();
                rest.iter().try_for_each(|value| param.check(call, value))?;
                bound.insert(param.name.clone(), Value::Array(rest));
            } else if !param.keyword_only
                && let Some(value) = args.next()
            {
                param.check(call, &value)?;
                bound.insert(param.name.clone(), value);
            }
        }
        if args.next().is_some() {
            let most = self.params.len();
            return Err(Failure::arguments(format!("{call}() takes at most {most} arguments")));
        }
        self.bind_named(call, kwargs, &mut bound)?;
        for param in &self.params {
            if bound.contains_key(&param.name) {
                continue;
            }
            let missing =
                || Failure::arguments(format!("{call}() missing the argument '{}'", param.name));
            bound.insert(param.name.clone(), param.default.clone().ok_or_else(missing)?);
        }
        Ok(Arguments(bound))
    }

    fn bind_named(
        &self,
        call: &str,
        kwargs: Map<String, Value>,
        bound: &mut BTreeMap<String, Value>,
    ) -> Outcome<()> {
        for (name, value) in kwargs {
            let param = self.params.iter().find(|param| param.name == name && !param.rest);
            let Some(param) = param else {
                return Err(Failure::arguments(format!(
                    "{call}() got an unexpected keyword argument '{name}'"
                )));
            };
            param.check(call, &value)?;
            if bound.insert(name.clone(), value).is_some() {
                return Err(Failure::arguments(format!(
                    "{call}() got multiple values for argument '{name}'"
                )));
            }
        }
        Ok(())
    }
}

impl Param {
    fn check(&self, call: &str, value: &Value) -> Outcome<()> {
        let optional = self.kind.ends_with('?');
        let fits = match self.kind.trim_end_matches('?') {
            _ if value.is_null() => optional || matches!(self.default, Some(Value::Null)),
            "str" => value.is_string(),
            "int" => value.is_i64() || value.is_u64(),
            "bool" => value.is_boolean(),
            "port" => port_number(value).is_some(),
            "duration" => value.is_number() || value.get("$duration").is_some(),
            "function" => value.get("$function").is_some(),
            _ => true,
        };
        if fits {
            return Ok(());
        }
        Err(Failure::arguments(format!(
            "{call}(): the argument '{}' must be {}, not {value}",
            self.name,
            kind_words(self.kind.trim_end_matches('?'))
        )))
    }
}

fn port_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn kind_words(kind: &str) -> &str {
    match kind {
        "str" => "a string",
        "int" => "a whole number",
        "bool" => "True or False",
        "port" => "a port number",
        "duration" => "a datetime.timedelta or a number of seconds",
        "function" => "a function",
        other => other,
    }
}

fn python_literal(text: &str) -> Value {
    match text {
        "None" => Value::Null,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        quoted if quoted.starts_with('"') => Value::String(quoted.trim_matches('"').into()),
        number => serde_json::from_str(number).unwrap_or(Value::Null),
    }
}

impl Arguments {
    /// A string, empty when it is `None`.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A string that may be `None`.
    pub fn maybe_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The rest of the positional arguments, as strings.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let rest = self.0.get(name).and_then(Value::as_array);
        rest.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// `True` or `False`.
    pub fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> i64 {
        self.0.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// A port's number, which older scripts write as text.
    pub fn port(&self, name: &str) -> i64 {
        self.0.get(name).and_then(port_number).unwrap_or_default()
    }

    /// A time span, `None` for no limit. Negative spans are empty.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        let value = self.0.get(name)?;
        let seconds = value.as_f64().or_else(|| value.get("$duration")?.as_f64())?;
        Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
    }

    /// Any value.
    pub fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn bind(signature: &str, args: Value, kwargs: Value) -> Outcome<Arguments> {
        let args = args.as_array().unwrap().clone();
        Signature::parse(signature).bind("f", args, kwargs.as_object().unwrap().clone())
    }

    #[test]
    fn binding_as_python_does() {
        let signature = r#"port: int, addr: str = "localhost", timeout: duration = 900"#;
        let bound = bind(signature, json!([80]), json!({"timeout": {"$duration": 1.5}})).unwrap();
        assert_eq!(bound.number("port"), 80);
        assert_eq!(bound.text("addr"), "localhost");
        assert_eq!(bound.duration("timeout"), Some(Duration::from_millis(1500)));
        let rest = "*commands: str, timeout: duration? = None";
        let bound = bind(rest, json!(["a", "b"]), json!({})).unwrap();
        assert_eq!(bound.texts("commands"), ["a", "b"]);
        assert_eq!(bound.duration("timeout"), None);
    }

    #[test]
    fn mistakes_are_named() {
        let signature = r#"port: int, addr: str = "localhost""#;
        for (args, kwargs, part) in [
            (json!([]), json!({}), "missing the argument 'port'"),
            (json!(["80"]), json!({}), "must be a whole number, not \"80\""),
            (json!([80, "a", 3]), json!({}), "at most 2"),
            (json!([80]), json!({"adr": "x"}), "unexpected keyword argument 'adr'"),
            (json!([80]), json!({"port": 1}), "multiple values"),
        ] {
            let failure = bind(signature, args, kwargs).unwrap_err();
            assert_eq!(failure.class, "TypeError");
            assert!(failure.message.contains(part), "{}", failure.message);
        }
    }
}
