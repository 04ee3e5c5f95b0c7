//! What a shell knows: variables and functions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// Variables and functions of a shell, as the reference's `print-dev-env --json` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildEnvironment {
    /// The bodies of functions.
    #[serde(rename = "bashFunctions")]
    pub functions: BTreeMap<String, String>,
    /// The texts of structured attributes, where the derivation has such.
    #[serde(rename = "structuredAttrs", default, skip_serializing_if = "Option::is_none")]
    pub structured: Option<Structured>,
    /// Variables.
    pub variables: BTreeMap<String, Variable>,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub enum Variable {
    /// One that programs see.
    Exported(String),
    /// One that the shell alone sees.
    Var(String),
    /// A list.
    Array(Vec<String>),
    /// A table.
    Associative(BTreeMap<String, String>),
}

/// Structured attributes as builders find them in files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structured {
    /// As JSON.
    #[serde(rename = ".attrs.json")]
    pub json: String,
    /// As shell code.
    #[serde(rename = ".attrs.sh")]
    pub shell: String,
}

impl BuildEnvironment {
    /// Reads what `get-env.sh` wrote.
    ///
    /// # Errors
    /// It is not that.
    pub fn parse(text: &[u8]) -> Result<Self, Failure> {
        serde_json::from_str(&String::from_utf8_lossy(text)).map_err(|error| {
            Failure::new(format!("error: the build environment can't be read: {error}"))
        })
    }

    /// A variable that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.variables.get(name)? {
            Variable::Exported(text) | Variable::Var(text) => Some(text),
            _ => None,
        }
    }

    /// The outputs of the derivation with their paths.
    pub fn outputs(&self) -> Vec<(String, String)> {
        match self.variables.get("outputs") {
            Some(Variable::Associative(table)) => {
                table.iter().map(|(name, path)| (name.clone(), path.clone())).collect()
            }
            Some(Variable::Array(names)) => self.paths_of(names.iter().map(String::as_str)),
            Some(Variable::Exported(names) | Variable::Var(names)) => {
                self.paths_of(names.split_whitespace())
            }
            None => Vec::new(),
        }
    }

    fn paths_of<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
        names.filter_map(|name| Some((name.to_owned(), self.text(name)?.to_owned()))).collect()
    }

    /// Shell code that sets all variables and functions but some.
    pub fn to_shell(&self, without: &[&str]) -> String {
        let mut code = String::new();
        for (name, variable) in &self.variables {
            if without.contains(&name.as_str()) {
                continue;
            }
            match variable {
                Variable::Exported(text) => {
                    code += &format!("{name}={}\nexport {name}\n", quoted(text));
                }
                Variable::Var(text) => code += &format!("{name}={}\n", quoted(text)),
                Variable::Array(items) => {
                    let items: String = items.iter().map(|item| quoted(item) + " ").collect();
                    code += &format!("declare -a {name}=({items})\n");
                }
                Variable::Associative(table) => {
                    let entries: String = table
                        .iter()
                        .map(|(key, value)| format!("[{}]={} ", quoted(key), quoted(value)))
                        .collect();
                    code += &format!("declare -A {name}=({entries})\n");
                }
            }
        }
        for (name, body) in &self.functions {
            code += &format!("{name} ()\n{{{body}}}\n");
        }
        code
    }
}

/// A text as one word of the shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const JSON: &str = r#"{"bashFunctions":{"f":" \n    echo hi\n"},"variables":{"A":{"type":"exported","value":"it's"},"l":{"type":"array","value":["a","b c"]},"out":{"type":"var","value":"/nix/store/x"},"outputs":{"type":"var","value":"out"},"t":{"type":"associative","value":{"k":"v"}}}}"#;

    #[test]
    fn what_is_read_is_written() {
        let environment = BuildEnvironment::parse(JSON.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&environment).unwrap(), JSON);
        assert_eq!(environment.outputs(), [("out".to_owned(), "/nix/store/x".to_owned())]);
        assert_eq!(
            environment.to_shell(&["outputs"]),
            "A='it'\\''s'\nexport A\ndeclare -a l=('a' 'b c' )\nout='/nix/store/x'\n\
             declare -A t=(['k']='v' )\nf ()\n{ \n    echo hi\n}\n"
        );
    }
}
