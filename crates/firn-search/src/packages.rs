//! The packages of a set: derivations with their names and descriptions.
//!
//! Follows the Nix manual, "nix search": what is looked into, and that broken parts of
//! `legacyPackages` are passed over. So is what stands for packages that a set lacks (`isLacking`,
//! see `nix/build/lacking`).

use firn_eval::{Attrs, ErrorKind, Machine, Pos, R, Symbol, Value, sym};

/// A package as a search shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The attribute path from the flake's outputs.
    pub path: String,
    /// The name without version.
    pub name: String,
    /// The version, which may be empty.
    pub version: String,
    /// What it is, in one line; may be empty.
    pub description: String,
}

/// Collects the packages at `value`, whose attribute path is `path`.
///
/// # Errors
/// Something outside `legacyPackages` can't be evaluated.
pub fn collect(m: &mut Machine, value: Value, path: &[String]) -> R<Vec<Package>> {
    let mut found = Vec::new();
    let mut path = path.to_vec();
    visit(m, value, &mut path, true, &mut found)?;
    Ok(found)
}

fn visit(
    m: &mut Machine,
    value: Value,
    path: &mut Vec<String>,
    is_root: bool,
    found: &mut Vec<Package>,
) -> R<()> {
    match look_into(m, value, path, is_root, found) {
        Err(raised) if is_legacy(path) => {
            let error = m.take_error(raised);
            // An interrupted evaluation must end, whatever it was looking at.
            if error.kind == ErrorKind::Interrupted { Err(m.raise(error)) } else { Ok(()) }
        }
        result => result,
    }
}

fn is_legacy(path: &[String]) -> bool {
    path.first().is_some_and(|first| first == "legacyPackages")
}

fn look_into(
    m: &mut Machine,
    value: Value,
    path: &mut Vec<String>,
    is_root: bool,
    found: &mut Vec<Package>,
) -> R<()> {
    let value = m.force(value)?;
    if m.is_derivation(value)? {
        let attrs = m.force_attrs(value, Pos::NONE, "")?;
        if m.attr(attrs, Symbol::of("isLacking"))?.is_none() {
            found.push(package(m, attrs, path)?);
        }
        return Ok(());
    }
    let is_set_of_packages =
        is_legacy(path) || path.first().is_some_and(|first| first == "packages");
    let enter = is_root
        || path.len() <= 2 && is_set_of_packages
        || is_legacy(path) && says_recurse(m, value)?;
    if !enter {
        return Ok(());
    }
    let attrs = m.force_attrs(value, Pos::NONE, "while looking for packages")?;
    for entry in m.sorted(attrs) {
        path.push(entry.sym.text().into_owned());
        let result = visit(m, entry.value(), path, false, found);
        path.pop();
        result?;
    }
    Ok(())
}

fn says_recurse(m: &mut Machine, value: Value) -> R<bool> {
    let Some(attrs) = value.as_attrs() else { return Ok(false) };
    match m.attr(attrs, Symbol::of("recurseForDerivations"))? {
        Some(flag) => m.force_bool(flag, Pos::NONE, "while looking for packages"),
        None => Ok(false),
    }
}

fn package(m: &mut Machine, attrs: Attrs, path: &[String]) -> R<Package> {
    let what = "while evaluating the name of a package";
    let name = m.required_attr(attrs, sym::NAME, what)?.get();
    let name = m.force_string(name, Pos::NONE, what)?.to_text().into_owned();
    let (name, version) = split_name(&name);
    Ok(Package {
        path: path.join("."),
        name: name.to_owned(),
        version: version.to_owned(),
        description: description(m, attrs)?.replace('\n', " "),
    })
}

fn description(m: &mut Machine, attrs: Attrs) -> R<String> {
    let Some(meta) = m.attr(attrs, sym::META)?.and_then(|meta| meta.as_attrs()) else {
        return Ok(String::new());
    };
    match m.attr(meta, sym::DESCRIPTION)? {
        Some(text) => {
            let what = "while evaluating the description of a package";
            Ok(m.force_string(text, Pos::NONE, what)?.to_text().into_owned())
        }
        None => Ok(String::new()),
    }
}

/// Splits a derivation's name before its version: at the first dash that no letter follows.
pub fn split_name(name: &str) -> (&str, &str) {
    let bytes = name.as_bytes();
    let dash = (0..bytes.len()).find(|&at| {
        bytes[at] == b'-' && bytes.get(at + 1).is_some_and(|next| !next.is_ascii_alphabetic())
    });
    dash.map_or((name, ""), |at| (&name[..at], &name[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::split_name;

    #[test]
    fn versions_begin_with_no_letter() {
        assert_eq!(split_name("nginx-1.22.1-9"), ("nginx", "1.22.1-9"));
        assert_eq!(split_name("git-gui"), ("git-gui", ""));
        assert_eq!(split_name("a-"), ("a-", ""));
    }
}
