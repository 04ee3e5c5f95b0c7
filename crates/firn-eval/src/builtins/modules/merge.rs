//! Elements of lists and attributes of sets, each merged by itself: for `listOf` and `attrsOf` of
//! `nix/lib/types/containers.nix`.

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashMap;

use super::definitions::only_value;
use super::properties::{Selected, all_plain};
use super::tree::{State, symbol};
use super::{Definition, field, helper, list_of, packed, set_of, sets};
use crate::attrs::Attrs;
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

/// Where a value stands, of which the path is made when somebody wants it.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// An option: the level, and the name as thunks carry it.
    In(State, Value),
    /// Below a path: `slow` is `mergeDefinitions` of the library.
    Below { slow: Value, loc: Value, step: Step },
}

/// The last part of a path.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Name(Value),
    /// An element: the number of its list and its own, as [`numbers`] makes them.
    Element(Value),
}

impl Place {
    fn loc(self, m: &mut Machine) -> R<Value> {
        match self {
            Place::In(state, name) => state.place(m, symbol(name)),
            Place::Below { loc, step: Step::Name(name), .. } => below(m, loc, name),
            Place::Below { loc, step: Step::Element(numbers), .. } => {
                let numbers = numbers.as_int().unwrap_or(0);
                let (list, own) = (numbers >> 32, numbers & i64::from(u32::MAX));
                let name = m.string(format!("[definition {list}-entry {own}]").as_bytes());
                below(m, loc, name)
            }
        }
    }

    fn slow(self, m: &mut Machine) -> R<Value> {
        match self {
            Place::In(state, _) => helper(m, state.helpers(), "mergeDefinitions"),
            Place::Below { slow, .. } => Ok(slow),
        }
    }
}

/// The numbers of a list among definitions and of an element in it, from 1.
fn numbers(m: &mut Machine, list: usize, own: usize) -> Value {
    m.int((list as i64) << 32 | own as i64)
}

/// A path and one more name.
fn below(m: &mut Machine, loc: Value, name: Value) -> R<Value> {
    let loc = list_of(m, loc)?;
    let all: Vec<Value> = loc.iter().chain([name]).collect();
    Ok(m.list(&all))
}

/// Definitions checked and merged by a type; nothing where they don't fit it.
pub(super) fn merged(
    m: &mut Machine,
    kind: Attrs,
    place: Place,
    given: Selected,
) -> R<Option<Value>> {
    if given.all.is_empty() {
        let empty = field(m, kind, sym::EMPTY_VALUE)?;
        let empty = m.force(empty)?;
        return Ok(empty.as_attrs().and_then(|set| set.get(sym::VALUE)).map(|slot| slot.get()));
    }
    let merge = field(m, kind, sym::MERGE)?;
    let merge = m.force(merge)?;
    let check = field(m, kind, sym::CHECK)?;
    if let Some(set) = merge.as_attrs()
        && let Some(v2) = set.get(sym::V2)
    {
        let v2 = v2.get();
        return merged_v2(m, set, v2, check, place, given);
    }
    for definition in given.all {
        if m.call(check, &[definition.value], Pos::NONE)? != Value::TRUE {
            return Ok(None);
        }
    }
    if let Some(value) = only_value(merge, given.all) {
        return m.force(value).map(Some);
    }
    let (loc, values) = (place.loc(m)?, given.value(m));
    m.call(merge, &[loc, values], Pos::NONE).map(Some)
}

fn merged_v2(
    m: &mut Machine,
    merge: Attrs,
    v2: Value,
    check: Value,
    place: Place,
    given: Selected,
) -> R<Option<Value>> {
    let check = m.force(check)?;
    let coherent = match check.as_attrs().and_then(|set| set.get(sym::IS_V2_MERGE_COHERENT)) {
        Some(slot) => m.force_slot(slot)? == Value::TRUE,
        None => false,
    };
    if !coherent {
        return Ok(None);
    }
    if let Some(value) = of_container(m, merge, place, given.all)? {
        return Ok(Some(value));
    }
    let (loc, values) = (place.loc(m)?, given.value(m));
    let layout = m.interner.to_merge;
    let given = m.of_layout(layout, [(sym::LOC, loc), (sym::DEFS, values)]);
    let answer = m.call(v2, &[given], Pos::NONE)?;
    let answer = set_of(m, answer)?;
    let error = field(m, answer, sym::HEAD_ERROR)?;
    if !m.force(error)?.is_null() {
        return Ok(None);
    }
    field(m, answer, sym::VALUE).map(Some)
}

/// What `merge.v2` of `listOf` and `attrsOf` would give, which are known by what stands beside it;
/// nothing for anything unusual.
fn of_container(
    m: &mut Machine,
    merge: Attrs,
    place: Place,
    all: &[Definition],
) -> R<Option<Value>> {
    if let Some(kind) = merge.get(sym::ELEMENTS_OF) {
        return elements_of(m, kind.get(), place, all);
    }
    let Some(kind) = merge.get(sym::ATTRIBUTES_OF) else { return Ok(None) };
    let lazy = field(m, merge, sym::LAZY)?;
    let lazy = m.force(lazy)? == Value::TRUE;
    attributes_of(m, lazy, kind.get(), place, all)
}

/// The definitions in a list that the library made.
fn given(m: &mut Machine, all: Value) -> R<Vec<Definition>> {
    let mut given = Vec::new();
    for definition in list_of(m, all)?.iter() {
        let definition = set_of(m, definition)?;
        given.push(Definition::of_set(m, definition)?);
    }
    Ok(given)
}

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
    let all = given(m, all)?;
    Ok(listed(m, kind, &all, |_| Ok((slow, loc)))?.unwrap_or(Value::NULL))
}

fn elements_of(m: &mut Machine, kind: Value, place: Place, all: &[Definition]) -> R<Option<Value>> {
    listed(m, kind, all, |m| Ok((place.slow(m)?, place.loc(m)?)))
}

/// The values of lists. `outside` gives `mergeDefinitions` and the path of the list.
fn listed(
    m: &mut Machine,
    kind: Value,
    all: &[Definition],
    outside: impl Fn(&mut Machine) -> R<(Value, Value)>,
) -> R<Option<Value>> {
    let mut values = Vec::new();
    let mut known = None;
    for (n, whole) in all.iter().enumerate() {
        let Some(list) = m.force(whole.value)?.as_list() else { return Ok(None) };
        for (k, value) in list.iter().enumerate() {
            // An element is where its list is defined.
            let one = Definition { value, ..*whole };
            if !all_plain(m, &[one])? {
                return Ok(None);
            }
            let (slow, loc) = match known {
                Some(known) => known,
                None => outside(m)?,
            };
            known = Some((slow, loc));
            let at = numbers(m, n + 1, k + 1);
            let [file, value, pos] = one.fields();
            values.push(m.lazy_native(&ELEMENT, &[slow, kind, loc, at, file, value, pos]));
        }
    }
    Ok(Some(m.list(&values)))
}

static ELEMENT: PrimOp = PrimOp::new(
    "__moduleElement",
    &["mergeDefinitions", "elemType", "loc", "numbers", "file", "value", "pos"],
    element,
    "",
)
.without_frame();

fn element(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let [slow, kind, loc, at, file, value, pos] = *args else { return Ok(Value::NULL) };
    let place = Place::Below { slow, loc, step: Step::Element(at) };
    one(m, kind, place, &[Definition::of_fields([file, value, pos])])
}

/// The value of plain definitions of a type.
fn one(m: &mut Machine, kind: Value, place: Place, all: &[Definition]) -> R<Value> {
    let set = set_of(m, kind)?;
    if let Some(value) = merged(m, set, place, Selected { all, sets: None })? {
        return Ok(value);
    }
    let answer = merged_slowly(m, kind, place, all)?;
    field(m, answer, Symbol::of("mergedValue"))
}

/// What `mergeDefinitions` of the library says.
fn merged_slowly(m: &mut Machine, kind: Value, place: Place, all: &[Definition]) -> R<Attrs> {
    let (slow, loc, given) = (place.slow(m)?, place.loc(m)?, sets(m, all));
    let answer = m.call(slow, &[loc, kind, given], Pos::NONE)?;
    set_of(m, answer)
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
    let all = given(m, all)?;
    Ok(named(m, lazy, kind, &all, |_| Ok((slow, loc)))?.unwrap_or(Value::NULL))
}

fn attributes_of(
    m: &mut Machine,
    lazy: bool,
    kind: Value,
    place: Place,
    all: &[Definition],
) -> R<Option<Value>> {
    named(m, lazy, kind, all, |m| Ok((place.slow(m)?, place.loc(m)?)))
}

/// The values of sets. `outside` gives `mergeDefinitions` and the path of the set.
fn named(
    m: &mut Machine,
    lazy: bool,
    kind: Value,
    all: &[Definition],
    outside: impl FnOnce(&mut Machine) -> R<(Value, Value)>,
) -> R<Option<Value>> {
    let mut found: FxHashMap<Symbol, Vec<Definition>> = FxHashMap::default();
    for whole in all {
        let Some(set) = m.force(whole.value)?.as_attrs() else { return Ok(None) };
        // In alphabetical order: where two values fail, the first of them is the error.
        for entry in m.sorted(set) {
            // What was computed is where the whole is defined.
            let pos = entry.pos.or(whole.pos);
            let one = Definition { file: whole.file, value: entry.value(), pos };
            found.entry(entry.sym).or_default().push(one);
        }
    }
    if found.is_empty() {
        return Ok(Some(m.empty_attrs().value()));
    }
    let (slow, loc) = outside(m)?;
    let mut found: Vec<(Symbol, Vec<Definition>)> = found.into_iter().collect();
    found.sort_unstable_by(|a, b| a.0.bytes().cmp(b.0.bytes()));
    let mut result = crate::attrs::AttrsBuilder::with_capacity(found.len());
    for (name, all) in found {
        if !lazy && !all_plain(m, &all)? {
            return Ok(None);
        }
        let place = m.symbol_string(name);
        let all = packed(m, &all);
        let lazy = Value::bool(lazy);
        result.insert(name, m.lazy_native(&ATTRIBUTE, &[slow, kind, loc, place, all, lazy]));
    }
    Ok(Some(m.attrs(result)))
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
    let place = Place::Below { slow, loc, step: Step::Name(name) };
    let all: Vec<Definition> = Definition::all(list_of(m, all)?).collect();
    if lazy == Value::FALSE || all_plain(m, &all)? {
        return one(m, kind, place, &all);
    }
    with_properties(m, kind, place, &all)
}

/// A value of a lazy set that properties may leave without definition.
fn with_properties(m: &mut Machine, kind: Value, place: Place, all: &[Definition]) -> R<Value> {
    let answer = merged_slowly(m, kind, place, all)?;
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
