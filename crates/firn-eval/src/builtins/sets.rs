//! Attribute sets.

use firn_syntax::{Symbol, sym};
use rustc_hash::FxHashMap;

use crate::attrs::{Attrs, AttrsBuilder, Key, Parts};
use crate::error::R;
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::Value;

pub(crate) const TABLE: &[PrimOp] = &[
    PrimOp::new(
        "__attrNames",
        &["set"],
        attr_names,
        "Returns the names of the attributes of *set*, in alphabetical order.",
    )
    .strict(1),
    PrimOp::new(
        "__attrValues",
        &["set"],
        attr_values,
        "Returns the values of the attributes of *set*, in the alphabetical order of their names.",
    )
    .strict(1),
    PrimOp::new(
        "__getAttr",
        &["s", "set"],
        get_attr,
        "Returns the attribute of *set* that is called *s*; an error if there is none.",
    )
    .strict(2),
    PrimOp::new(
        "__unsafeGetAttrPos",
        &["s", "set"],
        get_attr_pos,
        "Returns the position where the attribute *s* of *set* was defined, as a set of `file`, `line` \
         and `column`, or `null`.",
    )
    .strict(2),
    PrimOp::new("__hasAttr", &["s", "set"], has_attr, "Returns whether *set* has an attribute called *s*.").strict(2),
    PrimOp::new(
        "removeAttrs",
        &["set", "list"],
        remove_attrs,
        "Returns *set* without the attributes whose names are in *list*.",
    )
    .strict(2),
    PrimOp::new(
        "__listToAttrs",
        &["e"],
        list_to_attrs,
        "Makes a set of a list of sets with attributes `name` and `value`. Of two with one name, the \
         first counts.",
    )
    .strict(1),
    PrimOp::new(
        "__intersectAttrs",
        &["e1", "e2"],
        intersect_attrs,
        "Returns the attributes of *e2* whose names *e1* has too.",
    )
    .strict(2),
    PrimOp::new(
        "__catAttrs",
        &["attr", "list"],
        cat_attrs,
        "Returns the attribute *attr* of each set in *list* that has it.",
    )
    .strict(2),
    PrimOp::new(
        "__mapAttrs",
        &["f", "attrset"],
        map_attrs,
        "Applies the function *f* to the name and the value of each attribute of *attrset*.",
    ).forces(1),
    PrimOp::new(
        "__zipAttrsWith",
        &["f", "list"],
        zip_attrs_with,
        "Gathers the sets of *list*: for each name, *f* is applied to the name and the list of all \
         values under it.",
    )
    .strict(2),
];

fn attr_names(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let set = m.force_attrs(
        args[0],
        Pos::NONE,
        "while evaluating the argument passed to builtins.attrNames",
    )?;
    if set.is_empty() {
        return Ok(m.empty_list());
    }
    let entries = m.sorted(set);
    let (list, slots) = m.new_list(entries.len());
    for (slot, entry) in slots.iter().zip(entries) {
        let name = m.symbol_string(entry.sym);
        slot.set(name);
    }
    Ok(list)
}

fn attr_values(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let set = m.force_attrs(
        args[0],
        Pos::NONE,
        "while evaluating the argument passed to builtins.attrValues",
    )?;
    if set.is_empty() {
        return Ok(m.empty_list());
    }
    let entries = m.sorted(set);
    let (list, slots) = m.new_list(entries.len());
    for (slot, entry) in slots.iter().zip(entries) {
        slot.set(entry.value());
    }
    Ok(list)
}

fn get_attr(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.getAttr";
    let name = m.string_without_context(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.getAttr";
    let set = m.force_attrs(args[1], Pos::NONE, what)?;
    let sym = m.symbol(name);
    let slot = m.required_attr(set, sym, "in the attribute set under consideration")?;
    m.force_slot(slot)
}

fn get_attr_pos(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.unsafeGetAttrPos";
    let name = m.string_without_context(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.unsafeGetAttrPos";
    let set = m.force_attrs(args[1], Pos::NONE, what)?;
    let sym = m.symbol(name);
    match set.entry(sym) {
        Some(entry) => Ok(m.position_value(entry.pos)),
        None => Ok(Value::NULL),
    }
}

fn has_attr(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.hasAttr";
    let name = m.string_without_context(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.hasAttr";
    let set = m.force_attrs(args[1], Pos::NONE, what)?;
    let found = m.known_symbol(name).is_some_and(|sym| set.get(sym).is_some());
    Ok(Value::bool(found))
}

/// A set of the attributes for which `keep` holds, in the order of symbol numbers.
fn filtered(m: &mut Machine, set: Attrs, keep: impl Fn(Symbol) -> bool) -> Value {
    let flat = m.flat(set);
    let mut parts = m.shapes.layouts.room(flat.slots.len());
    for entry in flat.iter() {
        if keep(entry.sym) {
            parts.push(Key { sym: entry.sym, pos: entry.pos }, entry.value());
        }
    }
    if parts.keys.len() == flat.slots.len() {
        m.shapes.layouts.put_back(parts);
        return set.value();
    }
    of_parts(m, parts)
}

fn of_parts(m: &mut Machine, parts: Parts) -> Value {
    if parts.keys.is_empty() {
        m.shapes.layouts.put_back(parts);
        return m.empty_attrs().value();
    }
    m.shapes.layouts.set_of(&mut m.heap, parts).value()
}

/// A set of sorted keys and their values.
pub(super) fn of_sorted(m: &mut Machine, keys: &[Key], values: &[Value]) -> Value {
    if keys.is_empty() {
        return m.empty_attrs().value();
    }
    let layout = m.shapes.layouts.intern(keys);
    let result = Attrs::alloc(&mut m.heap, layout);
    for (slot, value) in result.flat_slots().iter().zip(values) {
        slot.set(*value);
    }
    result.value()
}

fn remove_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.removeAttrs";
    let set = m.force_attrs(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.removeAttrs";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what = "while evaluating the values of the second argument passed to builtins.removeAttrs";
    let mut names = Vec::with_capacity(list.len());
    for v in list.iter() {
        let name = m.string_without_context(v, Pos::NONE, what)?;
        names.extend(m.known_symbol(name));
    }
    names.sort_unstable();
    if !names.iter().any(|&n| set.get(n).is_some()) {
        return Ok(set.value());
    }
    Ok(filtered(m, set, |sym| names.binary_search(&sym).is_err()))
}

fn list_to_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the argument passed to builtins.listToAttrs";
    let list = m.force_list(args[0], Pos::NONE, what)?;
    let mut found: Vec<(Symbol, Attrs)> = Vec::with_capacity(list.len());
    for slot in list.slots() {
        let what = "while evaluating an element of the list passed to builtins.listToAttrs";
        m.force_slot(slot).map_err(|r| m.frame(r, Pos::NONE, what))?;
        let pair = m.force_attrs(slot.get(), Pos::NONE, what)?;
        let name = m.required_attr(pair, sym::NAME, "in a {name=...; value=...;} pair")?;
        let pos = Pos::NONE;
        let what = "while evaluating the `name` attribute of an element of the list passed to builtins.listToAttrs";
        let name = match name.get().as_str() {
            Some(s) if s.ctx().is_empty() => s,
            _ => {
                let pos = pair.entry(sym::NAME).map_or(pos, |e| e.pos);
                m.string_without_context(name.get(), pos, what)?
            }
        };
        let name = m.symbol(name);
        found.push((name, pair));
    }
    if !found.is_sorted_by(|a, b| a.0 < b.0) {
        found.sort_by_key(|f| f.0);
        found.dedup_by_key(|f| f.0);
    }
    let mut parts = m.shapes.layouts.room(found.len());
    for (sym, pair) in found {
        let Some(value) = pair.entry(sym::VALUE) else {
            m.required_attr(pair, sym::VALUE, "in a {name=...; value=...;} pair")?;
            continue;
        };
        parts.push(Key { sym, pos: value.pos }, value.value());
    }
    Ok(of_parts(m, parts))
}

fn intersect_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.intersectAttrs";
    let left = m.force_attrs(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.intersectAttrs";
    let right = m.force_attrs(args[1], Pos::NONE, what)?;
    let mut parts = m.shapes.layouts.room(left.len().min(right.len()));
    if left.len() < right.len() {
        for entry in m.flat(left).iter() {
            if let Some(found) = right.entry(entry.sym) {
                parts.push(Key { sym: found.sym, pos: found.pos }, found.value());
            }
        }
    } else {
        for entry in m.flat(right).iter() {
            if left.get(entry.sym).is_some() {
                parts.push(Key { sym: entry.sym, pos: entry.pos }, entry.value());
            }
        }
        if parts.keys.len() == right.len() {
            m.shapes.layouts.put_back(parts);
            return Ok(right.value());
        }
    }
    Ok(of_parts(m, parts))
}

fn cat_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.catAttrs";
    let name = m.string_without_context(args[0], Pos::NONE, what)?;
    let sym = m.symbol(name);
    let what = "while evaluating the second argument passed to builtins.catAttrs";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what =
        "while evaluating an element in the list passed as second argument to builtins.catAttrs";
    let mut found = Vec::new();
    for v in list.iter() {
        let set = m.force_attrs(v, Pos::NONE, what)?;
        found.extend(set.get(sym).map(|slot| slot.get()));
    }
    Ok(m.list(&found))
}

fn map_attrs(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the second argument passed to builtins.mapAttrs";
    let set = m.force_attrs(args[1], Pos::NONE, what)?;
    if set.is_empty() {
        return Ok(set.value());
    }
    let flat = set.flat(&mut m.heap, &mut m.shapes.layouts);
    let layout = flat.layout().without_positions(&mut m.shapes.layouts);
    Ok(m.lazy_map_attrs(args[0].known(), flat, layout))
}

fn zip_attrs_with(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let what = "while evaluating the first argument passed to builtins.zipAttrsWith";
    let f = m.force_function(args[0], Pos::NONE, what)?;
    let what = "while evaluating the second argument passed to builtins.zipAttrsWith";
    let list = m.force_list(args[1], Pos::NONE, what)?;
    let what =
        "while evaluating a value of the list passed as second argument to builtins.zipAttrsWith";
    let mut found: FxHashMap<Symbol, Vec<Value>> = FxHashMap::default();
    for v in list.iter() {
        let set = m.force_attrs(v, Pos::NONE, what)?;
        for entry in m.flat(set).iter() {
            found.entry(entry.sym).or_default().push(entry.value());
        }
    }
    let mut result = AttrsBuilder::with_capacity(found.len());
    for (sym, values) in found {
        let name = m.symbol_string(sym);
        let values = m.list(&values);
        let call = m.lazy_call(f, &[name, values]);
        result.insert(sym, call);
    }
    Ok(m.attrs(result))
}
