//! The builtins of the language, one file per family.

pub(crate) mod arith;
pub(crate) mod contexts;
pub(crate) mod control;
pub(crate) mod corepkgs;
pub(crate) mod derivation;
pub(crate) mod ere;
pub(crate) mod ere_set;
pub(crate) mod files;
pub(crate) mod hashes;
pub(crate) mod import;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod modules;
pub(crate) mod peeksort;
pub(crate) mod regex;
pub(crate) mod sets;
pub(crate) mod sorting;
pub(crate) mod strings;
pub(crate) mod toml;
pub(crate) mod toml_strict;
pub(crate) mod types;
pub(crate) mod versions;
pub(crate) mod xml;

use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

use crate::attrs::AttrsBuilder;
use crate::machine::{Machine, PrimTable};
use crate::primop::PrimOp;
use crate::value::Value;

/// The tables of this crate.
const TABLES: &[PrimTable] = &[
    arith::TABLE,
    contexts::TABLE,
    control::TABLE,
    files::TABLE,
    hashes::TABLE,
    import::TABLE,
    json::TABLE,
    lists::TABLE,
    regex::TABLE,
    sets::TABLE,
    sorting::TABLE,
    strings::TABLE,
    toml::TABLE,
    types::TABLE,
    versions::TABLE,
    xml::TABLE,
];

/// The names that are in scope everywhere, with the builtins of these tables besides this crate's.
pub fn global_names(tables: &[PrimTable]) -> rustc_hash::FxHashSet<Symbol> {
    const CONSTANTS: [&str; 11] = [
        "builtins",
        "derivation",
        "true",
        "false",
        "null",
        "__nixVersion",
        "__storeDir",
        "__langVersion",
        "__currentSystem",
        "__currentTime",
        "__nixPath",
    ];
    let primops = TABLES.iter().chain(tables).flat_map(|table| table.iter()).map(|op| op.name);
    primops.chain(CONSTANTS).map(Symbol::of).collect()
}

/// Fills the global scope and `builtins`.
pub(crate) fn install(m: &mut Machine, tables: &[PrimTable]) {
    let mut found: FxHashMap<Symbol, Value> = FxHashMap::default();
    for op in TABLES.iter().chain(tables).flat_map(|t| t.iter()) {
        if op.feature.is_some_and(|f| !m.settings.features.iter().any(|on| on == f)) {
            continue;
        }
        let value = m.primop(op);
        define(m, &mut found, op.name, value);
    }
    constants(m, &mut found);
    let mut builder = AttrsBuilder::with_capacity(found.len() + 1);
    for (name, value) in &found {
        builder.insert(*name, *value);
    }
    builder.insert(firn_syntax::sym::BUILTINS, Value::NULL);
    let set = m.attrs(builder);
    if let Some(attrs) = set.as_attrs() {
        if let Some(slot) = attrs.get(firn_syntax::sym::BUILTINS) {
            slot.set(set);
        }
        m.builtins = attrs;
    }
    m.globals.insert(firn_syntax::sym::BUILTINS, set);
}

/// `name` is both global and in `builtins`, there without leading underscores.
fn define(m: &mut Machine, found: &mut FxHashMap<Symbol, Value>, name: &str, value: Value) {
    m.globals.insert(Symbol::of(name), value);
    found.insert(Symbol::of(name.strip_prefix("__").unwrap_or(name)), value);
}

fn constants(m: &mut Machine, found: &mut FxHashMap<Symbol, Value>) {
    define(m, found, "true", Value::TRUE);
    define(m, found, "false", Value::FALSE);
    define(m, found, "null", Value::NULL);
    let version = m.settings.nix_version.clone();
    let version = m.string(version.as_bytes());
    define(m, found, "__nixVersion", version);
    let store = m.settings.store_dir.clone();
    let store = m.string(store.as_bytes());
    define(m, found, "__storeDir", store);
    let language = m.int(6);
    define(m, found, "__langVersion", language);
    if !m.settings.pure {
        if let Some(system) = m.settings.current_system.clone() {
            let system = m.string(system.as_bytes());
            define(m, found, "__currentSystem", system);
        }
        if let Some(time) = m.settings.current_time {
            let time = m.int(time);
            define(m, found, "__currentTime", time);
        }
    }
    let derivation = derivation::value(m);
    define(m, found, "derivation", derivation);
    if m.settings.helpers {
        let modules = modules::value(m);
        let firn = m.attrs_of(&[(Symbol::of("modules"), modules)]);
        define(m, found, "__firn", firn);
    }
    let path = nix_path(m);
    define(m, found, "__nixPath", path);
}

fn nix_path(m: &mut Machine) -> Value {
    let entries = if m.settings.pure { Vec::new() } else { m.settings.nix_path.clone() };
    let mut list = Vec::with_capacity(entries.len());
    for (prefix, path) in &entries {
        let (prefix, path) = (m.string(prefix.as_bytes()), m.string(path.as_bytes()));
        list.push(
            m.attrs_of(&[(firn_syntax::sym::PREFIX, prefix), (firn_syntax::sym::PATH, path)]),
        );
    }
    m.list(&list)
}

impl Machine {
    /// The set `builtins`.
    pub fn builtins(&self) -> crate::attrs::Attrs {
        self.builtins
    }

    /// Defines or replaces a global and its name in `builtins`, before anything was evaluated.
    pub fn define_builtin(&mut self, name: &str, value: Value) {
        self.globals.insert(Symbol::of(name), value);
        let mut builder = AttrsBuilder::default();
        builder.insert(Symbol::of(name.strip_prefix("__").unwrap_or(name)), value);
        if let Some(added) = self.attrs(builder).as_attrs() {
            let all = self.update(self.builtins, added);
            let all = all.flat(&mut self.heap, &mut self.shapes.layouts);
            if let Some(slot) = all.get(firn_syntax::sym::BUILTINS) {
                slot.set(all.value());
            }
            self.builtins = all;
            self.globals.insert(firn_syntax::sym::BUILTINS, all.value());
        }
    }

    /// The builtins by name in `builtins`, for documentation.
    pub fn primops(&mut self) -> Vec<&'static PrimOp> {
        let all = self.builtins;
        self.sorted(all).filter_map(|e| e.value().as_function().and_then(|f| f.primop())).collect()
    }
}
