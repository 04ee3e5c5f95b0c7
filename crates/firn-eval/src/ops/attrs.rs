//! Attribute set and list literals.

use firn_syntax::{Symbol, sym};

use crate::attrs::{Attrs, AttrsBuilder, Layout};
use crate::code::Delay;
use crate::code::Node;
use crate::error::{ErrorKind, EvalError, R, Raised};
use crate::machine::Machine;
use crate::ops::{at_once, bind, delay, elements, peek_var};
use crate::pos::Pos;
use crate::value::{Env, MOST_WAITING, Value};

/// `[ … ]`. Word 0: length, then the elements.
pub(crate) fn list(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let len = node.word(0) as usize;
    if node.slot == MAY_WAIT && elements::fits_list(len) {
        return Ok(waiting_list(m, node, len, env));
    }
    let (list, slots) = m.new_list(len);
    for (i, slot) in slots.iter().enumerate() {
        let value = delay(m, node.child(1 + i), env);
        slot.set(value);
    }
    Ok(list)
}

/// The list where elements may have to wait: they do so in their slots.
fn waiting_list(m: &mut Machine, node: &'static Node, len: usize, env: Env) -> Value {
    let (list, slots) = m.list_in(len, env);
    for (i, slot) in slots.iter().enumerate() {
        let child = node.child(1 + i);
        match at_once(m, child, env) {
            Some(value) => slot.set(value),
            None => slot.wait_for(elements::FIRST_OF_LIST + i, child),
        }
    }
    list
}

/// The list at once, if all elements are there without thunks.
pub(crate) fn try_list(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let len = node.word(0) as usize;
    for i in 0..len {
        let element = node.child(1 + i);
        if element.delay == Delay::Var {
            peek_var(element, env)?;
        }
    }
    list(m, node, env).ok()
}

/// `{ … }` without `rec` and computed names. Words: layout, then the values in its order.
pub(crate) fn plain(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    // SAFETY: the compiler stores the layout in word 0.
    let layout: &'static Layout = unsafe { node.data(0) };
    if node.slot != MAY_WAIT || layout.len() > MOST_WAITING {
        let set = Attrs::alloc(&mut m.heap, layout);
        for i in 0..layout.len() {
            let value = delay(m, node.child(1 + i), env);
            set.slot_at(i).set(value);
        }
        return Ok(set.value());
    }
    env.keep();
    let set = Attrs::alloc_in(&mut m.heap, layout, env);
    for i in 0..layout.len() {
        let child = node.child(1 + i);
        match at_once(m, child, env) {
            Some(value) => set.slot_at(i).set(value),
            None => set.slot_at(i).wait_for(1 + i, child),
        }
    }
    Ok(set.value())
}

/// Code in the header's `slot` of a [`plain`] set: some of its values may have to wait.
pub(crate) const MAY_WAIT: u16 = 1;

/// `{ … }` whose values need an environment for the expressions of `inherit (…)`. Words: number of
/// expressions, the set's node, then the expressions. The set's own values are compiled for the
/// inner environment.
pub(crate) fn with_inherit_env(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let count = node.word(0) as usize;
    let inner = m.env(env, count);
    for i in 0..count {
        bind(m, node.child(2 + i), inner, 1 + i);
    }
    let result = node.child(1).eval(m, inner);
    m.done_with(inner, count);
    result
}

/// `rec { … }`. Words: layout, number of slots of the environment (at least the layout's length),
/// then for each slot its node; the first slots are the attributes in the layout's order.
pub(crate) fn recursive(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    // SAFETY: the compiler stores the layout in word 0.
    let layout: &'static Layout = unsafe { node.data(0) };
    let (inner, set) = fill_recursive(m, node, env, layout);
    m.done_with(inner, node.word(1) as usize);
    Ok(set.value())
}

fn fill_recursive(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    layout: &'static Layout,
) -> (Env, Attrs) {
    let slots = node.word(1) as usize;
    let inner = m.env(env, slots);
    // The expressions of `inherit (…)` stand behind the attributes and are wanted first.
    for i in (layout.len()..slots).chain(0..layout.len()) {
        bind(m, node.child(2 + i), inner, 1 + i);
    }
    let set = Attrs::alloc(&mut m.heap, layout);
    let mut refers = false;
    for i in 0..layout.len() {
        let value = inner.slot(1 + i).get();
        refers |= value.is_thunk();
        set.slot_at(i).set(value);
    }
    if refers {
        inner.keep();
    }
    (inner, set)
}

/// `rec { … }` with `__overrides`: words as for [`recursive`]. What the overrides define replaces
/// both the attributes and what the other attributes see.
pub(crate) fn with_overrides(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    // SAFETY: the compiler stores the layout in word 0.
    let layout: &'static Layout = unsafe { node.data(0) };
    let (inner, set) = fill_recursive(m, node, env, layout);
    let set = apply_overrides(m, inner, set)?;
    Ok(set.value())
}

fn apply_overrides(m: &mut Machine, inner: Env, set: Attrs) -> R<Attrs> {
    let Some(slot) = set.get(sym::OVERRIDES) else { return Ok(set) };
    let forced = m.force_slot(slot);
    let overrides = m.traced(forced, Pos::NONE, "while evaluating the `__overrides` attribute")?;
    let Some(overrides) = overrides.as_attrs() else {
        let raised = m.type_error(overrides, "a set", Pos::NONE);
        return Err(m.frame(raised, Pos::NONE, "while evaluating the `__overrides` attribute"));
    };
    let layout = set.layout();
    for entry in m.flat(overrides).iter() {
        if let Some(index) = layout.find(entry.sym) {
            inner.slot(1 + index).set(entry.value());
        }
    }
    Ok(m.update(set, overrides))
}

/// A set with computed names. Words: the node of the static part, whether it is recursive (1: its
/// environment is the names' and values' too; 2: with `__overrides`), number of computed names,
/// then name, value and position of each.
pub(crate) fn dynamic(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let fixed = node.child(0);
    let (inner, set) = match node.word(1) {
        0 => {
            let set = fixed.eval(m, env)?;
            (env, set.as_attrs().unwrap_or(m.empty_attrs()))
        }
        kind => {
            // SAFETY: the static part is a `recursive` node, whose word 0 is the layout.
            let layout: &'static Layout = unsafe { fixed.data(0) };
            let (inner, set) = fill_recursive(m, fixed, env, layout);
            let set = if kind == 2 { apply_overrides(m, inner, set)? } else { set };
            (inner, set)
        }
    };
    let mut added = AttrsBuilder::default();
    let mut seen: Vec<(Symbol, Pos)> = Vec::new();
    for i in 0..node.word(2) as usize {
        let (name, value) = (node.child(3 + 3 * i), node.child(4 + 3 * i));
        let pos = Pos(node.word(5 + 3 * i) as u32);
        let Some(sym) = computed_name(m, name, inner, pos)? else { continue };
        let earlier =
            set.entry(sym).map(|e| e.pos).or(seen.iter().find(|s| s.0 == sym).map(|s| s.1));
        if let Some(earlier) = earlier {
            return Err(duplicate(m, sym, earlier, pos));
        }
        seen.push((sym, pos));
        let value = delay(m, value, inner);
        added.insert_at(sym, pos, value);
    }
    let Some(added) = m.attrs(added).as_attrs() else { return Ok(set.value()) };
    Ok(m.update(set, added).value())
}

fn computed_name(m: &mut Machine, name: &'static Node, env: Env, pos: Pos) -> R<Option<Symbol>> {
    let value = name.eval(m, env)?;
    if value.is_null() {
        return Ok(None);
    }
    let text =
        m.string_without_context(value, pos, "while evaluating the name of a dynamic attribute")?;
    Ok(Some(m.symbol(text)))
}

#[cold]
fn duplicate(m: &mut Machine, sym: Symbol, earlier: Pos, pos: Pos) -> Raised {
    let place = m.show_pos(earlier);
    m.raise(EvalError::new(
        ErrorKind::Eval,
        pos,
        format!("dynamic attribute '{sym}' already defined at {place}"),
    ))
}
