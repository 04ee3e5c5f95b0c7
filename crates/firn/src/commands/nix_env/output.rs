//! What a query prints: a table, JSON or XML.

use std::collections::BTreeMap;

use firn_eval::{Kind, Machine, Pos, R, Symbol, Value};
use serde_json::{Map, json};

use super::Globals;
use super::packages::{DrvName, Package};
use super::query::{Listing, Shown, compare};
use super::xml::{Xml, XmlAttrs};

/// Writes the packages of a listing.
pub struct Output<'a> {
    globals: &'a Globals,
    shown: &'a Shown,
    listing: &'a Listing,
}

/// A package in JSON, its members in alphabetical order.
type Object = BTreeMap<&'static str, serde_json::Value>;

/// What a package that can't be shown for a failed assertion is: left out.
type Row<T> = R<Option<T>>;

impl<'a> Output<'a> {
    /// Output of a listing.
    pub fn new(globals: &'a Globals, shown: &'a Shown, listing: &'a Listing) -> Self {
        Output { globals, shown, listing }
    }

    /// Columns as wide as their widest entry.
    pub fn table(&mut self, m: &mut Machine) -> R<Vec<u8>> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for package in &self.listing.packages {
            let row = self.columns(m, package);
            rows.extend(kept(m, package, row)?.flatten());
        }
        let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
        for row in &rows {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = text.len().max(*width);
            }
        }
        let mut out = Vec::new();
        for row in &rows {
            for (column, text) in row.iter().enumerate() {
                out.extend(text.bytes().map(|b| if b == b'\n' { b' ' } else { b }));
                if column + 1 < row.len() {
                    out.resize(out.len() + widths[column] - text.len() + 2, b' ');
                }
            }
            out.push(b'\n');
        }
        Ok(out)
    }

    fn columns(&self, m: &mut Machine, package: &Package) -> Row<Vec<String>> {
        if !self.is_wanted(m, package)? {
            return Ok(None);
        }
        let shown = self.shown;
        let mut row = Vec::new();
        if shown.status {
            let [installed, valid] = self.status(m, package)?;
            let sign = |on: bool, sign: char| if on { sign } else { '-' };
            row.push(format!("{}{}-", sign(installed, 'I'), sign(valid, 'P')));
        }
        if shown.path {
            row.push(package.path.clone());
        }
        if !shown.no_name {
            row.push(package.name.clone());
        }
        if shown.versions {
            let (sign, version) = compare(m, package, &self.listing.others)?;
            row.push(format!("{sign} {version}"));
        }
        if shown.system {
            row.push(package.system(m)?);
        }
        if shown.drv_path {
            row.push(package.drv_path(m)?.unwrap_or_else(|| "-".to_owned()));
        }
        if shown.out_path {
            row.push(outputs_column(m, package)?);
        }
        if shown.description {
            row.push(package.meta_text(m, Symbol::of("description"))?);
        }
        Ok(Some(row))
    }

    fn is_wanted(&self, m: &mut Machine, package: &Package) -> R<bool> {
        Ok(!self.globals.prebuilt_only || self.is_valid(&package.out_path(m)?))
    }

    /// Whether a package is installed, and whether it is in the store.
    fn status(&self, m: &mut Machine, package: &Package) -> R<[bool; 2]> {
        let path = package.out_path(m)?;
        Ok([self.listing.installed.contains(&path), self.is_valid(&path)])
    }

    fn is_valid(&self, path: &str) -> bool {
        let Ok(store) = self.globals.context.store() else { return false };
        let path = store.store_dir().parse(path);
        path.is_ok_and(|path| store.is_valid(&path).unwrap_or(false))
    }

    /// An object by attribute path. Of a package whose evaluation fails an assertion, what is known by
    /// then.
    pub fn json(&mut self, m: &mut Machine) -> R<Vec<u8>> {
        let mut objects = BTreeMap::new();
        for package in &self.listing.packages {
            let mut object = Object::new();
            let done = self.object(m, package, &mut object);
            kept(m, package, done)?;
            let object = if object.is_empty() { json!(null) } else { json!(object) };
            objects.insert(package.path.clone(), object);
        }
        let mut out = serde_json::to_vec_pretty(&objects).unwrap_or_default();
        out.push(b'\n');
        Ok(out)
    }

    fn object(&self, m: &mut Machine, package: &Package, object: &mut Object) -> R<()> {
        let DrvName { name, version } = DrvName::new(&package.name);
        let (system, output) = (package.system(m)?, package.output_name(m)?);
        object.extend([
            ("name", json!(package.name)),
            ("pname", json!(name)),
            ("version", json!(version)),
            ("system", json!(system)),
            ("outputName", json!(output)),
        ]);
        object.insert("outputs", json!(package.outputs(m, self.shown.out_path)?));
        if self.shown.drv_path
            && let Some(path) = package.drv_path(m)?
        {
            object.insert("drvPath", json!(path));
        }
        if self.shown.meta {
            let mut meta = Map::new();
            let read = self.meta_object(m, package, &mut meta);
            // What was read before something failed is shown.
            object.insert("meta", meta.into());
            read?;
        }
        Ok(())
    }

    fn meta_object(
        &self,
        m: &mut Machine,
        package: &Package,
        object: &mut Map<String, serde_json::Value>,
    ) -> R<()> {
        let to_json = m.builtin("toJSON")?;
        for name in package.meta_names(m)? {
            let value = match package.meta(m, name)? {
                Some(value) => {
                    let text = m.call(to_json, &[value], Pos::NONE)?;
                    let text = m.force_string(text, Pos::NONE, "")?;
                    serde_json::from_slice(text.bytes()).unwrap_or_default()
                }
                None => {
                    self.invalid_meta(package, name);
                    serde_json::Value::Null
                }
            };
            object.insert(name.text().into_owned(), value);
        }
        Ok(())
    }

    fn invalid_meta(&self, package: &Package, name: Symbol) {
        let text = format!("derivation '{}' has invalid meta attribute '{name}'", package.name);
        self.globals.context.display.print(&text);
    }

    /// XML items.
    pub fn xml(&mut self, m: &mut Machine) -> R<Vec<u8>> {
        let mut xml = Xml::new();
        xml.open("items", &XmlAttrs::new());
        for package in &self.listing.packages {
            let item = self.item(m, package);
            if let Some(attrs) = kept(m, package, item)?.flatten() {
                xml.open("item", &attrs);
                let inside = self.inside_item(m, package, &mut xml).map(Some);
                kept(m, package, inside)?;
                xml.close();
            }
        }
        Ok(xml.finish())
    }

    fn item(&self, m: &mut Machine, package: &Package) -> Row<XmlAttrs> {
        if !self.is_wanted(m, package)? {
            return Ok(None);
        }
        let DrvName { name, version } = DrvName::new(&package.name);
        let mut attrs = XmlAttrs::from([
            ("attrPath", package.path.clone()),
            ("name", package.name.clone()),
            ("pname", name.to_owned()),
            ("version", version.to_owned()),
            ("outputName", package.output_name(m)?),
        ]);
        let system = package.system(m)?;
        if !system.is_empty() {
            attrs.insert("system", system);
        }
        if self.shown.status {
            let [installed, valid] = self.status(m, package)?;
            let flag = |on: bool| if on { "1" } else { "0" }.to_owned();
            attrs.extend([
                ("installed", flag(installed)),
                ("valid", flag(valid)),
                ("substitutable", flag(false)),
            ]);
        }
        if self.shown.versions {
            let (sign, version) = compare(m, package, &self.listing.others)?;
            if sign != '-' {
                attrs.extend([("versionDiff", sign.to_string()), ("maxComparedVersion", version)]);
            }
        }
        if self.shown.drv_path
            && let Some(path) = package.drv_path(m)?
        {
            attrs.insert("drvPath", path);
        }
        if self.shown.description {
            let text = package.meta_text(m, Symbol::of("description"))?;
            if !text.is_empty() {
                attrs.insert("description", text);
            }
        }
        Ok(Some(attrs))
    }

    fn inside_item(&self, m: &mut Machine, package: &Package, xml: &mut Xml) -> R<()> {
        for (name, path) in package.outputs(m, self.shown.out_path)? {
            let mut attrs = XmlAttrs::from([("name", name)]);
            attrs.extend(path.map(|path| ("path", path)));
            xml.empty("output", &attrs);
        }
        if self.shown.meta {
            for name in package.meta_names(m)? {
                match package.meta(m, name)? {
                    Some(value) => meta_element(m, name, value, xml)?,
                    None => self.invalid_meta(package, name),
                }
            }
        }
        Ok(())
    }
}

/// A row with the frame of an error; one whose evaluation failed an assertion is left out.
fn kept<T>(m: &mut Machine, package: &Package, row: R<T>) -> R<Option<T>> {
    let raised = match row {
        Ok(row) => return Ok(Some(row)),
        Err(raised) => raised,
    };
    let error = m.take_error(raised);
    if error.kind.is_catchable() {
        return Ok(None);
    }
    let raised = m.raise(error);
    let text = format!("while querying the derivation named '{}'", package.name);
    Err(m.frame(raised, Pos::NONE, text))
}

/// Outputs as `PATH;NAME=PATH`; only `out` needs no name.
fn outputs_column(m: &mut Machine, package: &Package) -> R<String> {
    let outputs = package.outputs(m, true)?;
    let shown: Vec<_> = outputs
        .into_iter()
        .map(|(name, path)| {
            let path = path.unwrap_or_default();
            if name == "out" { path } else { format!("{name}={path}") }
        })
        .collect();
    Ok(shown.join(";"))
}

fn meta_element(m: &mut Machine, name: Symbol, value: Value, xml: &mut Xml) -> R<()> {
    let mut attrs = XmlAttrs::from([("name", name.text().into_owned())]);
    let plain = match value.kind() {
        Kind::String(text) => Some(("string", text.to_text().into_owned())),
        Kind::Int(number) => Some(("int", number.to_string())),
        Kind::Float(number) => Some(("float", firn_eval::print::float(number))),
        Kind::Bool(flag) => Some(("bool", flag.to_string())),
        _ => None,
    };
    if let Some((kind, text)) = plain {
        attrs.extend([("type", kind.to_owned()), ("value", text)]);
        xml.empty("meta", &attrs);
        return Ok(());
    }
    attrs.insert("type", "strings".to_owned());
    xml.open("meta", &attrs);
    match value.kind() {
        Kind::List(list) => {
            for item in list.iter() {
                if let Some(text) = m.force(item)?.as_str() {
                    xml.empty("string", &XmlAttrs::from([("value", text.to_text().into_owned())]));
                }
            }
        }
        Kind::Attrs(attrs) => {
            for entry in m.sorted(attrs).collect::<Vec<_>>() {
                if let Some(text) = m.force(entry.value())?.as_str() {
                    let attrs = [
                        ("type", entry.sym.text().into_owned()),
                        ("value", text.to_text().into_owned()),
                    ];
                    xml.empty("string", &XmlAttrs::from(attrs));
                }
            }
        }
        _ => {}
    }
    xml.close();
    Ok(())
}
