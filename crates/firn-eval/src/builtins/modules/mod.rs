//! Help for the module system of `nix/lib`: what most modules and options need, done here; whatever
//! is unusual, and every message about a mistake, is left to the functions in the language which the
//! library hands over. Without these builtins (`Settings::helpers`, another Nix) the library does all
//! of it in the language, with the same results: `tests/base_lib.rs` holds both against each other.
//!
//! They are not part of the language: `builtins.firn.modules`, for `nix/lib/modules` only.

mod collect;
mod merge;
mod option;
mod properties;
mod tree;

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, AttrsBuilder};
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::{List, Value};

const TABLE: &[(&str, &PrimOp)] = &[
    ("collect", &collect::COLLECT),
    ("mergeAttributes", &merge::ATTRIBUTES),
    ("mergeElements", &merge::ELEMENTS),
    ("tree", &tree::TREE),
];

/// The set of the helpers.
pub(crate) fn value(m: &mut Machine) -> Value {
    let mut all = AttrsBuilder::with_capacity(TABLE.len());
    for (name, op) in TABLE {
        let op = m.primop(op);
        all.insert(Symbol::of(name), op);
    }
    m.attrs(all)
}

/// The list that an argument holds, which this family made or checked itself.
fn list_of(m: &mut Machine, value: Value) -> R<List> {
    m.force_list(value, Pos::NONE, "")
}

/// The set that an argument holds, which this family made or checked itself.
fn set_of(m: &mut Machine, value: Value) -> R<Attrs> {
    m.force_attrs(value, Pos::NONE, "")
}

/// An attribute that must be there, not forced.
#[inline(always)]
fn field(m: &mut Machine, set: Attrs, name: Symbol) -> R<Value> {
    if let Some(slot) = set.get(name) {
        return Ok(slot.get());
    }
    Ok(m.required_attr(set, name, "while evaluating a module")?.get())
}

/// A function that the library handed over.
fn helper(m: &mut Machine, helpers: Value, name: &str) -> R<Value> {
    let helpers = set_of(m, helpers)?;
    field(m, helpers, Symbol::of(name))
}

/// `{ file, value }`
fn definition(m: &mut Machine, file: Value, value: Value) -> Value {
    let layout = m.interner.definition;
    m.of_layout(layout, [(sym::FILE, file), (sym::VALUE, value)])
}

/// A list of `{ file, value }` of pairs, a file and a value by turns.
fn definitions(m: &mut Machine, pairs: &[Value]) -> Value {
    let mut all = Vec::with_capacity(pairs.len() / 2);
    for pair in pairs.chunks_exact(2) {
        all.push(definition(m, pair[0], pair[1]));
    }
    m.list(&all)
}
