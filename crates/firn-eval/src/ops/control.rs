//! `if`, `assert`, `let`, `with`.

use crate::code::Node;
use crate::error::{ErrorKind, R, Raised};
use crate::machine::Machine;
use crate::ops::{bind, delay};
use crate::value::{Env, Value};

/// Evaluates a condition; `what` is the frame of an error.
#[inline(always)]
pub(crate) fn condition(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    what: &'static str,
) -> R<bool> {
    match node.eval(m, env) {
        Ok(Value::TRUE) => Ok(true),
        Ok(Value::FALSE) => Ok(false),
        other => Err(no_condition(m, other, node, what)),
    }
}

/// Words: condition, yes, no.
pub(crate) fn branch(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    match node.child(0).eval(m, env) {
        Ok(Value::TRUE) => node.child(1).eval(m, env),
        Ok(Value::FALSE) => node.child(2).eval(m, env),
        other => Err(no_condition(m, other, node.child(0), "while evaluating a branch condition")),
    }
}

#[cold]
#[inline(never)]
fn no_condition(
    m: &mut Machine,
    result: R<Value>,
    node: &'static Node,
    what: &'static str,
) -> Raised {
    let raised = match result {
        Ok(v) => m.type_error(v, "a Boolean", node.pos),
        Err(raised) => raised,
    };
    m.frame(raised, node.pos, what)
}

/// Words: condition, body; the operands if the condition is an equality, else 0; start and end of
/// the condition in the text.
pub(crate) fn assertion(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    if condition(m, node.child(0), env, "in the condition of the assert statement")? {
        return node.child(1).eval(m, env);
    }
    let text =
        crate::show::source_expr(m, node.child(0).pos, node.word(4) as u32, node.word(5) as u32);
    if let (Some(left), Some(right)) = (node.child_opt(2), node.child_opt(3)) {
        let (left, right) = (left.eval(m, env)?, right.eval(m, env)?);
        if let Err(raised) = crate::equal::assert_equal(m, left, right, node.child(0).pos) {
            let frame = format!("while evaluating the condition of the assertion '{text}'");
            return Err(m.frame(raised, node.pos, frame));
        }
    }
    Err(m.fail(ErrorKind::Assertion, node.pos, format!("assertion '{text}' failed")))
}

/// Bindings in an environment of their own. Words: number of slots, body, then a node for each slot
/// from the first on.
pub(crate) fn let_env(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let slots = node.word(0) as usize;
    let inner = m.env(env, slots);
    for i in 0..slots {
        bind(m, node.child(2 + i), inner, 1 + i);
    }
    let result = node.child(1).eval(m, inner);
    m.done_with(inner, slots);
    result
}

/// Bindings in slots of the function's environment. Words: first slot, number of slots, body, nodes.
pub(crate) fn let_here(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let first = node.word(0) as usize;
    for i in 0..node.word(1) as usize {
        bind(m, node.child(3 + i), env, first + i);
    }
    node.child(2).eval(m, env)
}

/// Words: scope, body.
pub(crate) fn with(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let scope = delay(m, node.child(0), env);
    let inner = m.env(env, 1);
    inner.slot(1).set(scope);
    let result = node.child(1).eval(m, inner);
    m.done_with(inner, 1);
    result
}
