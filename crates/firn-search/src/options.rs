//! The options of a tree of modules, with all that documentation says of them.

use std::fmt;

use firn_eval::{Attrs, Machine, Pos, Symbol, Value};
use serde::{Deserialize, Serialize};

use crate::evaluated::attempt;
use crate::pretty;

/// An option.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionDoc {
    /// The full name, such as `services.nginx.enable`.
    pub name: String,
    /// The parts of the name.
    pub loc: Vec<String>,
    /// Which values it takes, in words.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value without definitions, as an expression or a text that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// A value that could be set, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Where it is declared.
    #[serde(default)]
    pub declarations: Vec<Place>,
    /// Whether it can be defined once only.
    #[serde(default, rename = "readOnly")]
    pub read_only: bool,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
}

impl Place {
    /// Names the file as people know it: `trees` are folders of the store and what they are called.
    pub fn shorten(&mut self, trees: &[(String, String)]) {
        let known = trees.iter().find_map(|(tree, name)| {
            let rest =
                self.file.strip_prefix(tree.as_str()).filter(|rest| rest.starts_with('/'))?;
            Some(format!("{name}{rest}"))
        });
        if let Some(file) = known {
            self.file = file;
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// Parts that a name has at most; types that contain themselves have options without end.
const MAX_PARTS: usize = 16;

/// Collects the options that documentation shows. What can't be evaluated is left out.
pub fn collect(m: &mut Machine, options: Value) -> Vec<OptionDoc> {
    let mut found = Vec::new();
    visit(m, options, &mut found, 0);
    found
}

fn visit(m: &mut Machine, value: Value, found: &mut Vec<OptionDoc>, depth: usize) {
    let value = m.force(value);
    let Some(attrs) = attempt(m, value).and_then(|value| value.as_attrs()) else { return };
    if text(m, attrs, "_type").as_deref() == Some("option") {
        option(m, attrs, found, depth);
        return;
    }
    if depth >= MAX_PARTS {
        return;
    }
    for entry in m.sorted(attrs) {
        visit(m, entry.value(), found, depth + 1);
    }
}

fn attr(m: &mut Machine, attrs: Attrs, name: &str) -> Option<Value> {
    let result = m.attr(attrs, Symbol::of(name));
    attempt(m, result).flatten()
}

fn text(m: &mut Machine, attrs: Attrs, name: &str) -> Option<String> {
    attr(m, attrs, name)?.as_str().map(|text| text.to_text().into_owned())
}

fn flag(m: &mut Machine, attrs: Attrs, name: &str) -> Option<bool> {
    attr(m, attrs, name)?.as_bool()
}

fn option(m: &mut Machine, attrs: Attrs, found: &mut Vec<OptionDoc>, depth: usize) {
    if flag(m, attrs, "internal") == Some(true) {
        return;
    }
    let Some(loc) = loc(m, attrs) else { return };
    let visible = attr(m, attrs, "visible");
    let shown = visible.and_then(Value::as_bool);
    let way = visible.and_then(Value::as_str).map(|text| text.to_text().into_owned());
    let kind = attr(m, attrs, "type").and_then(Value::as_attrs);
    let (itself, below) = match (shown, way.as_deref()) {
        (Some(shown), _) => (shown, shown),
        (None, Some("shallow")) => (true, false),
        (None, Some("transparent")) => (false, true),
        (None, _) => (true, true),
    };
    if itself {
        found.push(document(m, attrs, &loc, kind));
    }
    if let Some(kind) = kind.filter(|_| below && depth < MAX_PARTS && loc.len() < MAX_PARTS)
        && let Some(options) = sub_options(m, kind, &loc)
    {
        visit(m, options, found, depth + 1);
    }
}

fn loc(m: &mut Machine, attrs: Attrs) -> Option<Vec<String>> {
    let list = attr(m, attrs, "loc")?.as_list()?;
    list.iter()
        .map(|part| {
            let part = m.force(part);
            Some(attempt(m, part)?.as_str()?.to_text().into_owned())
        })
        .collect()
}

fn sub_options(m: &mut Machine, kind: Attrs, loc: &[String]) -> Option<Value> {
    let function = attr(m, kind, "getSubOptions")?;
    let parts: Vec<Value> = loc.iter().map(|part| m.string(part.as_bytes())).collect();
    let parts = m.list(&parts);
    let result = m.call(function, &[parts], Pos::NONE);
    attempt(m, result)
}

fn document(m: &mut Machine, attrs: Attrs, loc: &[String], kind: Option<Attrs>) -> OptionDoc {
    let kind = kind.and_then(|kind| text(m, kind, "description"));
    OptionDoc {
        name: show_name(loc),
        loc: loc.to_vec(),
        kind: kind.unwrap_or_else(|| "unspecified".to_owned()),
        description: attr(m, attrs, "description").and_then(|value| prose(m, value)),
        default: rendered(m, attrs, &["defaultText", "default"]),
        example: rendered(m, attrs, &["example"]),
        declarations: declarations(m, attrs),
        read_only: flag(m, attrs, "readOnly") == Some(true),
    }
}

/// Text, or text that says which language it is in.
fn prose(m: &mut Machine, value: Value) -> Option<String> {
    let text = match value.as_attrs() {
        Some(attrs) => text(m, attrs, "text")?,
        None => value.as_str()?.to_text().into_owned(),
    };
    Some(text.trim_end().to_owned())
}

/// The first of these attributes that is there, as the documentation shows it.
fn rendered(m: &mut Machine, attrs: Attrs, names: &[&str]) -> Option<String> {
    let name = names.iter().find(|name| attrs.get(Symbol::of(name)).is_some())?;
    let value = attr(m, attrs, name)?;
    if let Some(set) = value.as_attrs().filter(|set| set.get(Symbol::of("_type")).is_some())
        && let Some(text) = text(m, set, "text")
    {
        return Some(text.trim_end().to_owned());
    }
    let shown = pretty::show(m, value);
    attempt(m, shown)
}

fn declarations(m: &mut Machine, attrs: Attrs) -> Vec<Place> {
    let positions = attr(m, attrs, "declarationPositions").and_then(Value::as_list);
    let mut places = Vec::new();
    for position in positions.into_iter().flat_map(|list| list.iter()) {
        let position = m.force(position);
        let Some(position) = attempt(m, position).and_then(|value| value.as_attrs()) else {
            continue;
        };
        let Some(file) = text(m, position, "file") else { continue };
        let line = attr(m, position, "line").and_then(Value::as_int);
        places.push(Place { file, line: line.and_then(|line| u64::try_from(line).ok()) });
    }
    if places.is_empty()
        && let Some(files) = attr(m, attrs, "declarations").and_then(Value::as_list)
    {
        for file in files.iter() {
            let file = m.force(file);
            let Some(file) = attempt(m, file) else { continue };
            let file = file.as_str().or_else(|| file.as_path());
            places.extend(file.map(|file| Place { file: file.to_text().into_owned(), line: None }));
        }
    }
    places
}

/// An option's name as it is written in a configuration; placeholders such as `<name>` stay.
fn show_name(loc: &[String]) -> String {
    let is_placeholder = |part: &str| part == "*" || part.starts_with('<') && part.ends_with('>');
    let parts: Vec<_> = loc
        .iter()
        .map(|part| match is_placeholder(part) {
            true => part.clone(),
            false => firn_eval::print::attr_name(Symbol::of(part)),
        })
        .collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::show_name;

    #[test]
    fn names_are_quoted_where_they_must() {
        let loc = ["services", "nginx", "virtualHosts", "<name>", "a.b", "*"];
        let loc = loc.map(str::to_owned);
        assert_eq!(show_name(&loc), r#"services.nginx.virtualHosts.<name>."a.b".*"#);
    }
}
