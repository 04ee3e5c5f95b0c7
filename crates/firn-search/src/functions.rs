//! The functions of a library, with what the comments before them say: `/** … */` in Markdown, with a first
//! sentence, and the headings `# Type` and `# Example` (RFC 145).

use std::collections::BTreeMap;

use firn_eval::{Attrs, Machine, Pos, Symbol, Value};
use serde::{Deserialize, Serialize};

use crate::evaluated::attempt;
use crate::options::Place;

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionDoc {
    /// The name with the section it belongs to, such as `lib.strings.hasPrefix`.
    pub name: String,
    /// Other names of the same function.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The whole comment.
    pub description: String,
    /// Where it is defined.
    pub place: Place,
}

impl FunctionDoc {
    /// What stands below a heading or its plural, without the fences of code and of boxes.
    pub fn section(&self, heading: &str) -> Option<String> {
        let is_it = |line: &str| {
            line.strip_prefix("# ").is_some_and(|name| name.trim().trim_end_matches('s') == heading)
        };
        let mut lines = self.description.lines();
        lines.find(|line| is_it(line))?;
        let lines = lines.take_while(|line| !line.starts_with("# "));
        let is_fence = |line: &str| line.starts_with("```") || line.starts_with(":::");
        let text: Vec<&str> = lines.filter(|line| !is_fence(line)).collect();
        let text = text.join("\n");
        // A type is written as code.
        let code = text.trim().strip_prefix('`').and_then(|text| text.strip_suffix('`'));
        Some(code.filter(|code| !code.contains('`')).unwrap_or(text.trim()).to_owned())
    }

    /// What stands before the first heading.
    pub fn summary(&self) -> String {
        let lines = self.description.lines().take_while(|line| !line.starts_with("# "));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// Parts that a name has at most.
const MAX_PARTS: usize = 3;

/// Sets that hold data, or the library itself once more.
const NO_SECTIONS: [&str; 7] =
    ["lib", "licenses", "licensesSpdx", "maintainers", "teams", "examples", "platforms"];

/// Collects the functions of a library that have comments; `name` is what it is called. What can't be
/// evaluated is left out, and warnings of old names are not told.
pub fn collect(m: &mut Machine, name: &str, library: Value) -> Vec<FunctionDoc> {
    let silent = std::mem::replace(&mut m.settings.silent, true);
    let mut found = Found::default();
    found.section(m, library, name, 0);
    m.settings.silent = silent;
    let mut functions: Vec<_> = found.functions.into_values().collect();
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    functions
}

/// Functions by where they are defined.
#[derive(Default)]
struct Found {
    functions: BTreeMap<Pos, FunctionDoc>,
}

impl Found {
    fn section(&mut self, m: &mut Machine, set: Value, name: &str, depth: usize) {
        let set = m.force(set);
        let Some(set) = attempt(m, set).and_then(|set| set.as_attrs()) else { return };
        for entry in m.sorted(set) {
            let (part, pos) = (entry.sym.text(), entry.pos);
            let value = m.force(entry.value());
            let Some(value) = attempt(m, value) else { continue };
            let name = format!("{name}.{part}");
            match value.as_attrs() {
                None => self.function(m, value, pos, name),
                Some(inner) if depth + 1 < MAX_PARTS && is_section(inner, &part) => {
                    self.section(m, value, &name, depth + 1);
                }
                Some(_) => {}
            }
        }
    }

    fn function(&mut self, m: &mut Machine, value: Value, at: Pos, name: String) {
        if value.as_function().is_none() {
            return;
        }
        let found = m.comment(value);
        let found = attempt(m, found).flatten();
        let found = found.or_else(|| m.attribute_comment(at).map(|comment| (comment, at)));
        let Some((description, pos)) = found else { return };
        let Some(place) = place_of(m, pos) else { return };
        let function = self.functions.entry(pos).or_insert_with(|| FunctionDoc {
            name: name.clone(),
            aliases: Vec::new(),
            description: description.trim().to_owned(),
            place,
        });
        if function.name != name {
            function.aliases.push(name);
        }
        // The name with its section is the one that documentation goes by.
        let parts = |name: &str| std::cmp::Reverse(name.split('.').count());
        if let Some(longer) = function.aliases.iter_mut().min_by_key(|name| parts(name))
            && parts(longer) < parts(&function.name)
        {
            std::mem::swap(longer, &mut function.name);
        }
    }
}

fn place_of(m: &Machine, pos: Pos) -> Option<Place> {
    let (file, offset) = m.positions().resolve(pos)?;
    let line = file.line_column(offset).line;
    Some(Place { file: file.origin().to_string(), line: Some(line.into()) })
}

/// Whether a set of this name holds functions; packages, types and data do not.
fn is_section(attrs: Attrs, name: &str) -> bool {
    let has = |name: &str| attrs.get(Symbol::of(name)).is_some();
    !NO_SECTIONS.contains(&name) && !has("_type") && !has("type")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_has_parts() {
        let function = FunctionDoc {
            name: "lists.a".to_owned(),
            aliases: Vec::new(),
            description:
                "Adds.\nMore.\n\n# Type\n```\na :: Int -> Int\n```\n\n# Example\na 1\n=> 2"
                    .to_owned(),
            place: Place { file: "lists.nix".to_owned(), line: Some(1) },
        };
        assert_eq!(function.summary(), "Adds.\nMore.");
        assert_eq!(function.section("Type").as_deref(), Some("a :: Int -> Int"));
        assert_eq!(function.section("Example").as_deref(), Some("a 1\n=> 2"));
        assert_eq!(function.section("Arguments"), None);
    }
}
