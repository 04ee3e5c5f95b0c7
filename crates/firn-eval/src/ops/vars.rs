//! Constants, variables, closures.

use std::sync::atomic::Ordering;

use crate::attrs::{Attrs, Layout};
use crate::code::Node;
use crate::error::{ErrorKind, R};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Env, Slot, Value};

/// Word 0: the value.
pub(crate) fn constant(_: &mut Machine, node: &'static Node, _: Env) -> R<Value> {
    Ok(node.constant(0))
}

/// Word 0: the value, perhaps a thunk (a global that is computed when first used).
pub(crate) fn constant_thunk(m: &mut Machine, node: &'static Node, _: Env) -> R<Value> {
    m.force_at(node.constant(0), node.pos)
}

/// Word 0: a node that must not be evaluated before a thunk for it is forced.
pub(crate) fn deferred(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    node.child(0).eval(m, env)
}

/// Word 0: the lambda.
pub(crate) fn lambda(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    // SAFETY: the compiler stores the lambda in word 0.
    let lambda = unsafe { node.data(0) };
    Ok(m.closure(lambda, env))
}

#[inline(always)]
fn var(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let slot = env.slot(node.slot as usize);
    match slot.plain() {
        Some(value) => Ok(value),
        None => force_slot(m, node, slot),
    }
}

/// A variable that waits. (Kept apart, so that reading a value saves no registers.)
#[inline(never)]
fn force_slot(m: &mut Machine, node: &'static Node, slot: &Slot) -> R<Value> {
    let value = slot.get();
    force_var(m, node, slot, value)
}

#[inline(always)]
fn force_var(m: &mut Machine, node: &'static Node, slot: &Slot, value: Value) -> R<Value> {
    match m.force_thunk(value) {
        Ok(v) => {
            slot.set(v);
            Ok(v)
        }
        Err(raised) => Err(m.fix_cycle_pos(raised, node.pos)),
    }
}

/// A variable of this environment.
pub(crate) fn var0(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    var(m, node, env)
}

/// A variable one environment out.
pub(crate) fn var1(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    var(m, node, env.up(1))
}

/// A variable two environments out.
pub(crate) fn var2(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    var(m, node, env.up(2))
}

/// A variable any number of environments out.
pub(crate) fn var_n(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    var(m, node, env.up(node.depth()))
}

/// A variable too far out for the header: words 0 and 1 are depth and slot.
pub(crate) fn var_far(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let slot = env.up(node.word(0) as u32).slot(node.word(1) as usize);
    let value = slot.get();
    if !value.is_thunk() { Ok(value) } else { force_var(m, node, slot, value) }
}

const NO_SCOPE: &str = "while evaluating the first subexpression of a with expression";

fn scope_pos(word: u64) -> Pos {
    Pos((word >> 32) as u32)
}

/// Words of a name that only `with` can give: the name, how many scopes, the innermost scope's
/// environment for which the next word is known, the slot found then, and from here on for each scope,
/// innermost first, how far out it is and (upper half) its position, and a cache.
pub(crate) const SCOPES: usize = 4;

/// A name that only `with` can give. See [`SCOPES`] for the words.
pub(crate) fn dynamic(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let first = env.up(node.word(SCOPES) as u32);
    if node.word(2) == m.scope_key(first) {
        // SAFETY: `remember_scope` wrote the address of a slot that lives as long as the key is valid.
        let slot: &'static Slot = unsafe { node.data(3) };
        return match slot.plain() {
            Some(value) => Ok(value),
            None => force_slot(m, node, slot),
        };
    }
    search_scopes(m, node, first)
}

#[inline(never)]
fn search_scopes(m: &mut Machine, node: &'static Node, first: Env) -> R<Value> {
    let sym = node.symbol(0);
    let (mut scope_env, mut depth) = (first, node.word(SCOPES) as u32);
    for i in 0..node.word(1) as usize {
        let word = node.word(SCOPES + 2 * i);
        scope_env = scope_env.up(word as u32 - depth);
        depth = word as u32;
        let attrs = scope(m, scope_env.slot(1), word)?;
        let found = if attrs.is_layered() {
            attrs.get(sym)
        } else {
            let index = cached_find(node, SCOPES + 1 + 2 * i, attrs.layout(), sym);
            index.map(|index| attrs.slot_at(index))
        };
        if let Some(slot) = found {
            remember_scope(m, node, first, slot);
            let value = slot.get();
            if !value.is_thunk() {
                return Ok(value);
            }
            return force_var(m, node, slot, value);
        }
    }
    Err(m.fail(ErrorKind::UndefinedVariable, node.pos, format!("undefined variable '{sym}'")))
}

/// The set of a `with`.
#[inline(always)]
fn scope(m: &mut Machine, slot: &'static Slot, word: u64) -> R<Attrs> {
    let scope = slot.get();
    let scope = if scope.is_thunk() {
        let forced = m.force_thunk(scope).map_err(|r| {
            let r = m.fix_cycle_pos(r, scope_pos(word));
            m.frame(r, scope_pos(word), NO_SCOPE)
        })?;
        slot.set(forced);
        forced
    } else {
        scope
    };
    let Some(attrs) = scope.as_attrs() else {
        let raised = m.type_error(scope, "a set", Pos::NONE);
        return Err(m.frame(raised, scope_pos(word), NO_SCOPE));
    };
    Ok(m.settled(attrs))
}

/// Remembers what a name stands for in an environment that stays: the environments around it do too,
/// and their scopes are values by now.
#[inline(always)]
fn remember_scope(m: &Machine, node: &'static Node, first: Env, slot: &'static Slot) {
    if first.is_kept() && m.keeps_scope_keys() {
        node.cell(2).store(m.scope_key(first), Ordering::Relaxed);
        node.cell(3).store(slot as *const Slot as u64, Ordering::Relaxed);
    }
}

const INDEX_SHIFT: u32 = 48;
const ADDRESS: u64 = (1 << INDEX_SHIFT) - 1;
/// Stands for the index of a name that the layout lacks.
const MISSING: u64 = (1 << (64 - INDEX_SHIFT)) - 1;

/// Index of a name in a layout, remembered at the node: a cache word holds the layout's address
/// (below 2⁴⁸ on all supported systems) and the index above it.
#[inline(always)]
pub(crate) fn cached_find(
    node: &'static Node,
    cache: usize,
    layout: &'static Layout,
    sym: firn_syntax::Symbol,
) -> Option<usize> {
    let cell = node.cell(cache);
    let word = cell.load(Ordering::Relaxed);
    let address = layout as *const Layout as u64;
    if word & ADDRESS == address {
        let index = word >> INDEX_SHIFT;
        return (index != MISSING).then_some(index as usize);
    }
    let found = layout.find(sym);
    let index = found.map_or(MISSING, |index| index as u64);
    if found.is_none() || index < MISSING {
        cell.store(address | index << INDEX_SHIFT, Ordering::Relaxed);
    }
    found
}
