//! Elements of lists and attributes of sets, each merged by itself: for `listOf` and `attrsOf` of
//! `nix/lib/types/containers.nix`.

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashMap;

use super::option::merged;
use super::properties::all_plain;
use super::{Definition, field, list_of, packed, set_of, sets};
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

/// `mergeElements mergeDefinitions elemType loc definitions`: the values of a list, or null when an
/// element has a property.
pub(super) static ELEMENTS: PrimOp = PrimOp::new(
    "__moduleElements",
    &["mergeDefinitions", "elemType", "loc", "definitions"],
    elements,
    "Merges the elements of lists, for `lib.types.listOf`.",
)
.without_frame();

fn elements(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, kind, loc, all] = *args else { return Ok(Value::NULL) };
    let mut values = Vec::new();
    for (n, given) in list_of(m, all)?.iter().enumerate() {
        let given = set_of(m, given)?;
        let list = Definition::of_set(m, given)?;
        for (k, value) in list_of(m, list.value)?.iter().enumerate() {
            // An element is where its list is defined.
            let one = Definition { value, ..list };
            if !all_plain(m, &[one])? {
                return Ok(Value::NULL);
            }
            let (n, k) = (m.int(n as i64 + 1), m.int(k as i64 + 1));
            let place = m.lazy_native(&ELEMENT_PLACE, &[loc, n, k]);
            let [file, value, pos] = one.fields();
            values.push(m.lazy_native(&ELEMENT, &[slow, kind, place, file, value, pos]));
        }
    }
    Ok(m.list(&values))
}

static ELEMENT_PLACE: PrimOp =
    PrimOp::new("__moduleElementPlace", &["loc", "n", "k"], element_place, "").without_frame();

/// The path of an element, for messages.
fn element_place(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let (n, k) = (args[1].as_int().unwrap_or(0), args[2].as_int().unwrap_or(0));
    let name = m.string(format!("[definition {n}-entry {k}]").as_bytes());
    below(m, args[0], name)
}

/// A path and one more name.
fn below(m: &mut Machine, loc: Value, name: Value) -> R<Value> {
    let loc = list_of(m, loc)?;
    let all: Vec<Value> = loc.iter().chain([name]).collect();
    Ok(m.list(&all))
}

static ELEMENT: PrimOp = PrimOp::new(
    "__moduleElement",
    &["mergeDefinitions", "elemType", "place", "file", "value", "pos"],
    element,
    "",
)
.without_frame();

fn element(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, kind, place, file, value, pos] = *args else { return Ok(Value::NULL) };
    let given = sets(m, &[Definition::of_fields([file, value, pos])]);
    one(m, slow, kind, place, given)
}

/// The value of plain definitions of a type.
fn one(m: &mut Machine, slow: Value, kind: Value, place: Value, given: Value) -> R<Value> {
    let set = set_of(m, kind)?;
    if let Some(value) = merged(m, set, place, given)? {
        return Ok(value);
    }
    let answer = m.call(slow, &[place, kind, given], Pos::NONE)?;
    let answer = set_of(m, answer)?;
    field(m, answer, Symbol::of("mergedValue"))
}

/// `mergeAttributes lazy mergeDefinitions elemType loc definitions`: the values of a set, or null when
/// one has a property (not if `lazy`, where the values are not looked at).
pub(super) static ATTRIBUTES: PrimOp = PrimOp::new(
    "__moduleAttributes",
    &["lazy", "mergeDefinitions", "elemType", "loc", "definitions"],
    attributes,
    "Merges the attributes of sets, for `lib.types.attrsOf` and `lazyAttrsOf`.",
)
.without_frame();

fn attributes(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [lazy, slow, kind, loc, all] = *args else { return Ok(Value::NULL) };
    let lazy = m.force(lazy)? == Value::TRUE;
    let mut found: FxHashMap<Symbol, Vec<Definition>> = FxHashMap::default();
    for given in list_of(m, all)?.iter() {
        let given = set_of(m, given)?;
        let whole = Definition::of_set(m, given)?;
        let set = set_of(m, whole.value)?;
        // In alphabetical order: where two values fail, the first of them is the error.
        for entry in m.sorted(set) {
            // What was computed is where the whole is defined.
            let pos = entry.pos.or(whole.pos);
            let one = Definition { file: whole.file, value: entry.value(), pos };
            found.entry(entry.sym).or_default().push(one);
        }
    }
    let mut found: Vec<(Symbol, Vec<Definition>)> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| a.0.bytes().cmp(b.0.bytes()));
    let mut result = crate::attrs::AttrsBuilder::with_capacity(found.len());
    for (name, all) in found {
        if !lazy && !all_plain(m, &all)? {
            return Ok(Value::NULL);
        }
        let place = m.symbol_string(name);
        let all = packed(m, &all);
        let lazy = Value::bool(lazy);
        result.insert(name, m.lazy_native(&ATTRIBUTE, &[slow, kind, loc, place, all, lazy]));
    }
    Ok(m.attrs(result))
}

static ATTRIBUTE: PrimOp = PrimOp::new(
    "__moduleAttribute",
    &["mergeDefinitions", "elemType", "loc", "name", "definitions", "lazy"],
    attribute,
    "",
)
.without_frame();

fn attribute(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, kind, loc, name, all, lazy] = *args else { return Ok(Value::NULL) };
    let place = below(m, loc, name)?;
    let all: Vec<Definition> = Definition::all(list_of(m, all)?).collect();
    let given = sets(m, &all);
    if lazy == Value::FALSE || all_plain(m, &all)? {
        return one(m, slow, kind, place, given);
    }
    with_properties(m, slow, kind, place, given)
}

/// A value of a lazy set that properties may leave without definition.
fn with_properties(
    m: &mut Machine,
    slow: Value,
    kind: Value,
    place: Value,
    given: Value,
) -> R<Value> {
    let answer = m.call(slow, &[place, kind, given], Pos::NONE)?;
    let answer = set_of(m, answer)?;
    let defined = field(m, answer, Symbol::of("isDefined"))?;
    if m.force(defined)? != Value::TRUE {
        let kind = set_of(m, kind)?;
        let empty = field(m, kind, sym::EMPTY_VALUE)?;
        let empty = set_of(m, empty)?;
        if let Some(slot) = empty.get(sym::VALUE) {
            return Ok(slot.get());
        }
    }
    field(m, answer, Symbol::of("mergedValue"))
}
