//! Packages: the derivations in a value, with what queries ask of them. Everything but the name is
//! evaluated when somebody asks.

use std::collections::{BTreeMap, HashSet};

use firn_eval::{Attrs, Coerce, ErrorKind, Kind, Machine, Pos, R, Symbol, Value, sym};

/// A derivation in a set of packages.
#[derive(Clone)]
pub struct Package {
    /// The way to it, such as `python3Packages.numpy`.
    pub path: String,
    /// Its name with version.
    pub name: String,
    attrs: Attrs,
}

/// A package's name taken apart: the version begins after the first dash that no letter follows.
pub struct DrvName<'a> {
    /// The name before the version.
    pub name: &'a str,
    /// The version; perhaps empty.
    pub version: &'a str,
}

impl<'a> DrvName<'a> {
    /// Takes a full name apart.
    pub fn new(full: &'a str) -> Self {
        let dash =
            full.as_bytes().windows(2).position(|w| w[0] == b'-' && !w[1].is_ascii_alphabetic());
        match dash {
            Some(dash) => DrvName { name: &full[..dash], version: &full[dash + 1..] },
            None => DrvName { name: full, version: "" },
        }
    }
}

impl Package {
    fn new(m: &mut Machine, path: &str, attrs: Attrs) -> R<Package> {
        let Some(slot) = attrs.get(sym::NAME) else {
            return Err(m.fail(ErrorKind::Type, Pos::NONE, "derivation name missing"));
        };
        let what = "while evaluating the 'name' attribute of a derivation";
        let name = m.string_without_context(slot.get(), Pos::NONE, what)?.to_text().into_owned();
        Ok(Package { path: path.to_owned(), name, attrs })
    }

    /// The system it is for.
    pub fn system(&self, m: &mut Machine) -> R<String> {
        let what = "while evaluating the 'system' attribute of a derivation";
        match self.attrs.entry(sym::SYSTEM) {
            Some(e) => Ok(m.string_without_context(e.value(), e.pos, what)?.to_text().into_owned()),
            None => Ok("unknown".to_owned()),
        }
    }

    /// The derivation's path.
    pub fn drv_path(&self, m: &mut Machine) -> R<Option<String>> {
        let what = "while evaluating the 'drvPath' attribute of a derivation";
        self.attrs.entry(sym::DRV_PATH).map(|e| store_path(m, e.value(), e.pos, what)).transpose()
    }

    /// The path of the output that is meant.
    pub fn out_path(&self, m: &mut Machine) -> R<String> {
        match self.attrs.entry(sym::OUT_PATH) {
            Some(e) => {
                let what = "while evaluating the output path of a derivation";
                store_path(m, e.value(), e.pos, what)
            }
            None => {
                let text = "derivation does not have attribute 'outPath'";
                Err(m.fail(ErrorKind::Eval, Pos::NONE, text))
            }
        }
    }

    /// The name of the output that is meant.
    pub fn output_name(&self, m: &mut Machine) -> R<String> {
        let what = "while evaluating the output name of a derivation";
        match self.attrs.get(sym::OUTPUT_NAME) {
            Some(slot) => {
                Ok(m.string_without_context(slot.get(), Pos::NONE, what)?.to_text().into_owned())
            }
            None => Ok(String::new()),
        }
    }

    /// All outputs, with their paths if those are asked for.
    pub fn outputs(
        &self,
        m: &mut Machine,
        with_paths: bool,
    ) -> R<BTreeMap<String, Option<String>>> {
        let Some(list) = self.attrs.entry(sym::OUTPUTS) else {
            let path = if with_paths { Some(self.out_path(m)?) } else { None };
            return Ok([("out".to_owned(), path)].into());
        };
        let what = "while evaluating the 'outputs' attribute of a derivation";
        let mut found = BTreeMap::new();
        for name in m.force_list(list.value(), list.pos, what)?.iter() {
            let what = "while evaluating the name of an output of a derivation";
            let name = m.string_without_context(name, list.pos, what)?.to_text().into_owned();
            if !with_paths {
                found.insert(name, None);
            } else if let Some(path) = self.output_path(m, &name, list.pos)? {
                found.insert(name, Some(path));
            }
        }
        Ok(found)
    }

    fn output_path(&self, m: &mut Machine, name: &str, pos: Pos) -> R<Option<String>> {
        let Some(slot) = self.attrs.get(Symbol::of(name)) else { return Ok(None) };
        let what = "while evaluating an output of a derivation";
        let output = m.force_attrs(slot.get(), pos, what)?;
        let what = "while evaluating an output path of a derivation";
        output.entry(sym::OUT_PATH).map(|e| store_path(m, e.value(), e.pos, what)).transpose()
    }

    /// The names in `meta`, in alphabetical order.
    pub fn meta_names(&self, m: &mut Machine) -> R<Vec<Symbol>> {
        Ok(match self.meta_set(m)? {
            Some(meta) => m.sorted(meta).map(|entry| entry.sym).collect(),
            None => Vec::new(),
        })
    }

    /// A value of `meta`; nothing when it is missing or of a kind that `meta` may not hold.
    pub fn meta(&self, m: &mut Machine, name: Symbol) -> R<Option<Value>> {
        let Some(meta) = self.meta_set(m)? else { return Ok(None) };
        let Some(slot) = meta.get(name) else { return Ok(None) };
        let value = m.force_slot(slot)?;
        Ok(is_plain_data(m, value, 0)?.then_some(value))
    }

    /// A text of `meta`; empty when there is none.
    pub fn meta_text(&self, m: &mut Machine, name: Symbol) -> R<String> {
        let value = self.meta(m, name)?;
        Ok(value.and_then(Value::as_str).map_or_else(String::new, |s| s.to_text().into_owned()))
    }

    fn meta_set(&self, m: &mut Machine) -> R<Option<Attrs>> {
        let what = "while evaluating the 'meta' attribute of a derivation";
        self.attrs.entry(sym::META).map(|e| m.force_attrs(e.value(), e.pos, what)).transpose()
    }
}

fn store_path(m: &mut Machine, value: Value, pos: Pos, what: &'static str) -> R<String> {
    let path = m.coerce(value, Coerce { more: false, copy: false }, pos, what)?.to_text();
    let inside = path.strip_prefix(m.settings.store_dir.as_str()).and_then(|p| p.strip_prefix('/'));
    if inside.is_some_and(|inside| !inside.is_empty() && !inside.contains('/')) {
        return Ok(path.into_owned());
    }
    let text = format!("path '{path}' is not in the Nix store");
    let raised = m.fail(ErrorKind::Eval, Pos::NONE, text);
    Err(m.frame(raised, pos, what))
}

/// Whether a value of `meta` holds nothing but numbers, Booleans, strings, and lists and sets of
/// those; derivations are no such sets.
fn is_plain_data(m: &mut Machine, value: Value, depth: u32) -> R<bool> {
    check_depth(m, depth)?;
    let value = m.force(value)?;
    match value.kind() {
        Kind::List(list) => {
            for item in list.iter() {
                if !is_plain_data(m, item, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Kind::Attrs(attrs) if attrs.get(sym::OUT_PATH).is_some() => Ok(false),
        Kind::Attrs(attrs) => {
            for entry in m.flat(attrs).iter() {
                if !is_plain_data(m, entry.value(), depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Kind::Int(_) | Kind::Bool(_) | Kind::String(_) | Kind::Float(_) => Ok(true),
        _ => Ok(false),
    }
}

fn check_depth(m: &mut Machine, depth: u32) -> R<()> {
    if depth <= m.settings.max_call_depth {
        return Ok(());
    }
    Err(m.fail(ErrorKind::StackOverflow, Pos::NONE, "stack overflow; max-call-depth exceeded"))
}

/// Finds the packages in values.
pub struct Search {
    /// Arguments for functions on the way.
    pub arguments: Attrs,
    /// Whether packages whose evaluation asserts that they can't be are left out.
    pub skip_assertions: bool,
    /// What was found, in alphabetical order of the ways there.
    pub found: Vec<Package>,
    seen: HashSet<Attrs>,
    depth: u32,
}

impl Search {
    /// A search that found nothing yet.
    pub fn new(arguments: Attrs, skip_assertions: bool) -> Self {
        Search { arguments, skip_assertions, found: Vec::new(), seen: HashSet::new(), depth: 0 }
    }

    /// Looks into a value: a derivation, a set or list of those, or a function that returns such.
    ///
    /// # Errors
    /// It is something else, or evaluation fails.
    pub fn visit(&mut self, m: &mut Machine, value: Value, path: &str) -> R<()> {
        check_depth(m, self.depth)?;
        self.depth += 1;
        let result = self.inside(m, value, path);
        self.depth -= 1;
        result
    }

    fn inside(&mut self, m: &mut Machine, value: Value, path: &str) -> R<()> {
        let value = m.call_auto(value, self.arguments)?;
        if !self.take(m, value, path)? {
            return Ok(());
        }
        let value = m.force(value)?;
        match value.kind() {
            Kind::Attrs(attrs) => self.set(m, attrs, path),
            Kind::List(list) => {
                for (index, item) in list.iter().enumerate() {
                    let path = join(path, &index.to_string());
                    if self.take(m, item, &path)? {
                        self.visit(m, item, &path)?;
                    }
                }
                Ok(())
            }
            _ => {
                let text =
                    "expression does not evaluate to a derivation (or a set or list of those)";
                Err(m.fail(ErrorKind::Type, Pos::NONE, text))
            }
        }
    }

    fn set(&mut self, m: &mut Machine, attrs: Attrs, path: &str) -> R<()> {
        let all = attrs.get(Symbol::of(super::source::COMBINE)).is_some();
        for entry in m.sorted(attrs).collect::<Vec<_>>() {
            let name = entry.sym.text();
            if !is_component(&name) {
                continue;
            }
            let path = join(path, &name);
            let done = if all {
                self.visit(m, entry.value(), &path)
            } else {
                self.attribute(m, entry.value(), &path)
            };
            if let Err(raised) = done {
                let text = format!("while evaluating the attribute '{name}'");
                return Err(m.frame(raised, entry.pos, text));
            }
        }
        Ok(())
    }

    /// A set inside a set is looked into only where it asks for that.
    fn attribute(&mut self, m: &mut Machine, value: Value, path: &str) -> R<()> {
        if !self.take(m, value, path)? {
            return Ok(());
        }
        let value = m.force(value)?;
        let flag = value.as_attrs().and_then(|a| a.entry(Symbol::of("recurseForDerivations")));
        let what = "while evaluating the attribute `recurseForDerivations`";
        match flag {
            Some(flag) if m.force_bool(flag.value(), flag.pos, what)? => self.visit(m, value, path),
            _ => Ok(()),
        }
    }

    /// Takes a derivation; true when it is something else, which may be looked into.
    fn take(&mut self, m: &mut Machine, value: Value, path: &str) -> R<bool> {
        match self.try_take(m, value, path) {
            Ok(more) => Ok(more),
            Err(raised) => {
                let error = m.take_error(raised);
                if self.skip_assertions && error.kind.is_catchable() {
                    return Ok(false);
                }
                Err(m.raise(error))
            }
        }
    }

    fn try_take(&mut self, m: &mut Machine, value: Value, path: &str) -> R<bool> {
        let value = m.force(value)?;
        if !m.is_derivation(value)? {
            return Ok(true);
        }
        let Some(attrs) = value.as_attrs() else { return Ok(true) };
        // The same derivation under another name.
        if self.seen.insert(attrs) {
            self.found.push(Package::new(m, path, attrs)?);
        }
        Ok(false)
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether a name can be part of an attribute path: `[A-Za-z_][A-Za-z0-9-_+]*`.
fn is_component(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_begin_after_a_dash_without_letter() {
        let parts = |full| {
            let DrvName { name, version } = DrvName::new(full);
            (name, version)
        };
        assert_eq!(parts("apache-httpd-2.0.48"), ("apache-httpd", "2.0.48"));
        assert_eq!(parts("hello"), ("hello", ""));
        assert_eq!(parts("a-"), ("a-", ""));
        assert_eq!(parts("x--1"), ("x", "-1"));
    }
}
