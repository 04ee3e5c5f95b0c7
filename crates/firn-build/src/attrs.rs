//! Structured attributes as builders get them: `.attrs.json` and `.attrs.sh`.
//!
//! Source: manual, "Advanced attributes", `__structuredAttrs`.

use serde_json::{Map, Value};
use std::fmt::Write;

/// The object with its keys sorted, at every depth, as text without spaces.
pub fn to_json(attrs: &Map<String, Value>) -> String {
    sorted(&Value::Object(attrs.clone())).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            Value::Object(entries.into_iter().map(|(k, v)| (k.clone(), sorted(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// Declarations for bash: strings, integers, Booleans and null as variables, lists of them as
/// arrays, sets of them as associative arrays; everything else is left out.
pub fn to_shell(attrs: &Map<String, Value>) -> String {
    let mut entries: Vec<_> = attrs.iter().filter(|(key, _)| is_variable(key)).collect();
    entries.sort_by_key(|(key, _)| *key);
    let mut text = String::new();
    for (key, value) in entries {
        if let Some(declaration) = declaration(key, value) {
            text += &declaration;
            text.push('\n');
        }
    }
    text
}

fn declaration(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            let mut body = String::new();
            for item in items {
                let _ = write!(body, "{} ", simple(item)?);
            }
            Some(format!("declare -a {key}=({body})"))
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let mut body = String::new();
            for (name, item) in entries {
                let _ = write!(body, "[{}]={} ", quote(name), simple(item)?);
            }
            Some(format!("declare -A {key}=({body})"))
        }
        value => Some(format!("declare {key}={}", simple(value)?)),
    }
}

fn simple(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(quote(text)),
        Value::Null => Some("''".into()),
        Value::Bool(true) => Some("1".into()),
        Value::Bool(false) => Some(String::new()),
        Value::Number(number) => whole(number),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// Bash has integers only; the reference lets a fraction of zero pass.
fn whole(number: &serde_json::Number) -> Option<String> {
    if number.is_i64() || number.is_u64() {
        return Some(number.to_string());
    }
    let value = number.as_f64()?;
    (value.fract() == 0.0).then(|| format!("{value:.0}"))
}

fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        let text = r#"{"z":"a'b","n":3,"f":1.5,"w":2.0,"t":true,"u":false,"nil":null,
            "list":["x",1,true],"nested":[[1]],"set":{"k k":"v","a":2},"deep":{"a":{}},
            "bad-name":"x","e":[]}"#;
        let attrs: Map<String, Value> = serde_json::from_str(text).unwrap();
        let shell = "declare -a e=()\ndeclare -a list=('x' 1 1 )\ndeclare n=3\ndeclare nil=''\n\
            declare -A set=(['a']=2 ['k k']='v' )\ndeclare t=1\ndeclare u=\ndeclare w=2\n\
            declare z='a'\\''b'\n";
        assert_eq!(to_shell(&attrs), shell);
        assert!(to_json(&attrs).starts_with(r#"{"bad-name":"x","deep":{"a":{}},"e":[],"f":1.5,"#));
    }
}
