//! What can be had at once: the value of an expression that follows from what is computed already.
//!
//! An attempt evaluates nothing that waits, never fails and takes no longer than the expression is large,
//! so it may be made where the language would have the expression wait: the result is what forcing it
//! would give, and no thunk is made, no environment kept for it. Where something is not known yet the
//! expression waits as ever. How deep an attempt goes is bounded when compiling ([`depth`]), and a node
//! where attempts keep failing is left alone.

use std::sync::atomic::Ordering;

use crate::attrs::Attrs;
use crate::code::{Delay, Node};
use crate::machine::Machine;
use crate::ops::operators;
use crate::ops::{delay, select};
use crate::value::{Env, FUNCTION_CLOSURE, FUNCTION_PARTIAL, FUNCTION_PRIMOP, TAG_MASK, Value};

/// Expressions nested deeper than this wait.
const DEEPEST: u8 = 6;
/// In a node's `depth`: the bits that say how deep an attempt goes. Those above count misses.
const DEPTH_BITS: u8 = 7;
const ONE_MISS: u8 = DEPTH_BITS + 1;
/// From so many misses on, each hit making up for one, no attempt is made any more.
const MOST_MISSES: u8 = 16 * ONE_MISS;

/// How deep an attempt at a node with these children goes, if that is not too deep.
pub(crate) fn depth(children: &[&'static Node]) -> Option<u8> {
    let below = children.iter().map(|node| match node.delay {
        Delay::Var => 0,
        _ => node.depth.load(Ordering::Relaxed) & DEPTH_BITS,
    });
    let deepest = below.max().unwrap_or(0);
    (deepest < DEEPEST).then_some(deepest + 1)
}

/// Whether an attempt at a node may succeed.
pub(crate) fn may_succeed(node: &'static Node) -> bool {
    !matches!(node.delay, Delay::Thunk | Delay::Later | Delay::Lambda | Delay::List)
}

/// The value of a node, which is no thunk. A function is the very one that the node refers to.
#[inline(always)]
pub(crate) fn attempt(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    match node.delay {
        Delay::Var => peek_known(node, env),
        Delay::Const => Some(node.constant(0)).filter(|value| !value.is_thunk()),
        _ => attempt_inner(m, node, env),
    }
}

/// The value of a variable, if it is computed.
#[inline(always)]
fn peek_known(node: &'static Node, env: Env) -> Option<Value> {
    let slot = env.up(node.depth()).slot(node.slot as usize);
    slot.known_at_once()
}

#[inline(never)]
fn attempt_inner(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    match node.delay {
        Delay::Arith => operators::try_arith(m, node, env),
        Delay::Test => operators::try_test(m, node, env).map(Value::bool),
        Delay::Select => select::try_select(m, node, env),
        Delay::Path => select::try_path(m, node, env),
        Delay::Has => select::try_has(m, node, env),
        Delay::Call1 => called::<1>(m, node, env).map(Made::value),
        Delay::Call2 => called::<2>(m, node, env).map(Made::value),
        Delay::Call3 => called::<3>(m, node, env).map(Made::value),
        Delay::Prim => builtin(m, node, env),
        Delay::If => branch(m, node, env),
        _ => None,
    }
}

/// The set that a node is.
#[inline(always)]
pub(crate) fn attempt_attrs(m: &mut Machine, node: &'static Node, env: Env) -> Option<Attrs> {
    attempt(m, node, env)?.as_attrs()
}

/// A truth value.
#[inline(always)]
pub(crate) fn attempt_bool(m: &mut Machine, node: &'static Node, env: Env) -> Option<bool> {
    attempt(m, node, env)?.as_bool()
}

/// What an attempt at a call gave.
enum Made {
    /// A function that nothing else refers to.
    Function(Value),
    Answer(Value),
}

impl Made {
    #[inline(always)]
    fn value(self) -> Value {
        match self {
            Made::Function(value) | Made::Answer(value) => value,
        }
    }
}

/// The value of a node to be put somewhere: a function is a value of its own, as one that a thunk gives.
/// Where attempts keep failing none is made.
#[inline(always)]
pub(crate) fn attempt_own(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let misses = node.depth.load(Ordering::Relaxed);
    if misses >= MOST_MISSES {
        return None;
    }
    match attempt_outer(m, node, env) {
        Some(value) => {
            if misses >= ONE_MISS {
                node.depth.store(misses - ONE_MISS, Ordering::Relaxed);
            }
            Some(value)
        }
        None => {
            node.depth.store(misses + ONE_MISS, Ordering::Relaxed);
            None
        }
    }
}

#[inline(never)]
fn attempt_outer(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let made = match node.delay {
        Delay::Call1 => called::<1>(m, node, env)?,
        Delay::Call2 => called::<2>(m, node, env)?,
        Delay::Call3 => called::<3>(m, node, env)?,
        _ => Made::Answer(attempt_inner(m, node, env)?),
    };
    Some(match made {
        Made::Function(value) => value,
        Made::Answer(value) => m.own_identity(value),
    })
}

/// A call of a builtin that answers at once, or of a function that wants more arguments than it gets.
#[inline(always)]
fn called<const N: usize>(m: &mut Machine, node: &'static Node, env: Env) -> Option<Made> {
    let function = attempt(m, node.child(0), env)?.as_function()?.original();
    match function.head() & TAG_MASK {
        FUNCTION_PRIMOP if N == 1 => {
            let quick = function.primop()?.quick?;
            let argument = attempt(m, node.child(1), env)?;
            quick(m, argument).map(Made::Answer)
        }
        FUNCTION_CLOSURE | FUNCTION_PARTIAL => {
            let (lambda, parent, before) = function.lambda_parts()?;
            if lambda.arity as usize <= before.len() + N {
                return None;
            }
            let mut args = [Value::NULL; N];
            for (i, arg) in args.iter_mut().enumerate() {
                *arg = delay(m, node.child(1 + i), env);
            }
            Some(Made::Function(m.partial(lambda, parent, before, &args)))
        }
        _ => None,
    }
}

/// A call of a builtin that is known from the text.
fn builtin(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    // SAFETY: the compiler stores a builtin's address in word 0 of these nodes.
    let op: &'static crate::primop::PrimOp = unsafe { node.data(0) };
    let quick = op.quick?;
    let argument = attempt(m, node.child(1), env)?;
    quick(m, argument)
}

fn branch(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let chosen = if attempt_bool(m, node.child(0), env)? { 1 } else { 2 };
    attempt(m, node.child(chosen), env)
}

/// Whether two values are equal, if that can be seen without looking into them.
pub(crate) fn quick_equal(a: Value, b: Value) -> Option<bool> {
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Some(x.bytes() == y.bytes());
    }
    if let (Some(x), Some(y)) = (a.as_inline_int(), b.as_inline_int()) {
        return Some(x == y);
    }
    if let (Some(x), Some(y)) = (a.as_list(), b.as_list()) {
        return (x.len() != y.len() || x.is_empty()).then_some(x.len() == y.len());
    }
    let simple = |v: Value| v.is_null() || v.as_bool().is_some();
    (simple(a) || simple(b)).then(|| a == b)
}
