//! The operations of nodes, by concept, and how a node gives a value without evaluating.

mod apply;
pub(crate) mod attempt;
pub(crate) mod attrs;
pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod elements;
pub(crate) mod operators;
pub(crate) mod recall;
pub(crate) mod select;
pub(crate) mod text;
pub(crate) mod vars;

use crate::code::{Delay, Node};
use crate::machine::Machine;
use crate::value::{Env, MOST_WAITING, Slot, Value, referred};

/// The value of a node for later: a constant, a variable's value, a closure, something that can be
/// had for less than a thunk costs, or a thunk.
#[inline(always)]
pub(crate) fn delay(m: &mut Machine, node: &'static Node, env: Env) -> Value {
    at_once(m, node, env).unwrap_or_else(|| m.thunk(node, env))
}

/// Gives slot `index` of an environment the value of a node of this environment: what [`delay`]
/// would, but where that makes a thunk, the node waits in the slot.
#[inline(always)]
pub(crate) fn bind(m: &mut Machine, node: &'static Node, env: Env, index: usize) {
    if index > MOST_WAITING {
        let value = delay(m, node, env);
        return env.slot(index).set(value);
    }
    match at_once(m, node, env) {
        Some(value) => env.slot(index).set(value),
        None => env.slot(index).wait(index, node),
    }
}

/// What [`delay`] gives, unless that is a thunk.
#[inline(always)]
pub(crate) fn at_once(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    if node.delay == Delay::Var {
        // What is asked for most, and seldom waits.
        let owner = env.up(node.depth());
        let slot = owner.slot(node.slot as usize);
        return match slot.plain() {
            Some(value) => Some(value),
            None => share_waiting(owner, slot),
        };
    }
    match node.delay {
        Delay::Thunk | Delay::Later | Delay::Var => None,
        Delay::Const => Some(node.constant(0)),
        Delay::Lambda => Some(closure(m, node, env)),
        Delay::List => attrs::try_list(m, node, env),
        _ => attempt::attempt_own(m, node, env),
    }
}

/// The function that a node is. (Kept apart, so that who asks stays small.)
#[inline(never)]
fn closure(m: &mut Machine, node: &'static Node, env: Env) -> Value {
    // SAFETY: the compiler stores the lambda of such a node in word 0.
    let lambda = unsafe { node.data(0) };
    m.closure(lambda, env)
}

/// What a slot of an environment holds that has no value yet, to be put somewhere else; nothing if it is
/// empty.
#[inline(never)]
fn share_waiting(owner: Env, slot: &'static Slot) -> Option<Value> {
    if slot.word() == 0 {
        return None;
    }
    let value = slot.get().known();
    if value.is_thunk() && referred(value).is_some_and(|at| std::ptr::eq(at, slot)) {
        owner.keep();
    }
    Some(value)
}

/// The value of a variable, read through a thunk that is computed, to be looked at here; nothing if
/// the slot is empty yet.
#[inline(always)]
pub(crate) fn peek_var(node: &'static Node, env: Env) -> Option<Value> {
    let slot = env.up(node.depth()).slot(node.slot as usize);
    if slot.word() == 0 {
        return None;
    }
    Some(slot.get().known())
}
