//! The operations of nodes, by concept, and how a node gives a value without evaluating.

pub(crate) mod attrs;
pub(crate) mod call;
pub(crate) mod control;
pub(crate) mod operators;
pub(crate) mod select;
pub(crate) mod text;
pub(crate) mod vars;

use crate::code::{Delay, Node};
use crate::machine::Machine;
use crate::value::{Env, Value};

/// The value of a node for later: a constant, a variable's value, a closure, something that can be
/// had for less than a thunk costs, or a thunk.
#[inline(always)]
pub(crate) fn delay(m: &mut Machine, node: &'static Node, env: Env) -> Value {
    match node.delay {
        Delay::Thunk => m.thunk(node, env),
        Delay::Const => node.constant(0),
        Delay::Var => delay_var(m, node, env),
        Delay::Lambda => {
            // SAFETY: the compiler stores the lambda of such a node in word 0.
            let lambda = unsafe { node.data(0) };
            m.closure(lambda, env)
        }
        Delay::Arith => operators::try_arith(m, node, env).unwrap_or_else(|| m.thunk(node, env)),
        Delay::Select => select::try_select(node, env).unwrap_or_else(|| m.thunk(node, env)),
        Delay::List => attrs::try_list(m, node, env).unwrap_or_else(|| m.thunk(node, env)),
    }
}

#[inline(always)]
fn delay_var(m: &mut Machine, node: &'static Node, env: Env) -> Value {
    match peek_var(node, env) {
        Some(value) => value,
        // The slot is filled later in the same set of bindings.
        None => m.thunk(node, env),
    }
}

/// The value of a variable, read through a thunk that is computed; nothing if the slot is empty yet.
#[inline(always)]
pub(crate) fn peek_var(node: &'static Node, env: Env) -> Option<Value> {
    let slot = env.up(u32::from(node.depth)).slot(node.slot as usize);
    if slot.word() == 0 {
        return None;
    }
    Some(slot.get().known())
}

/// A value that a node has at no cost and without failing: a constant or a computed variable.
#[inline(always)]
pub(crate) fn peek(node: &'static Node, env: Env) -> Option<Value> {
    match node.delay {
        Delay::Const => Some(node.constant(0)),
        Delay::Var => peek_var(node, env).filter(|v| !v.is_thunk()),
        _ => None,
    }
}
