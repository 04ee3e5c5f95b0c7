//! Operators.

use std::sync::atomic::Ordering;

use crate::code::{Delay, Node};
use crate::error::{R, Raised};
use crate::machine::Machine;
use crate::ops::attempt::{attempt, attempt_bool, quick_equal};
use crate::ops::control::condition;
use crate::ops::delay;
use crate::primop::PrimOp;
use crate::value::{Env, Str, Value};

/// Code in the header's `slot` of an arithmetic node that may be computed early.
pub(crate) const ARITH_ADD: u16 = 0;
pub(crate) const ARITH_SUB: u16 = 1;

/// The result of `a + b` or `a - b` when both are small integers already known and it fits.
#[inline(always)]
pub(crate) fn try_arith(m: &mut Machine, node: &'static Node, env: Env) -> Option<Value> {
    let a = attempt(m, node.child(0), env)?.as_inline_int()?;
    let b = attempt(m, node.child(1), env)?.as_inline_int()?;
    Value::inline_int(if node.slot == ARITH_ADD { a + b } else { a - b })
}

/// An operator that gives a Boolean: the code in the header's `slot` of its node.
pub(crate) mod test {
    pub(crate) const EQUAL: u16 = 2;
    pub(crate) const NOT_EQUAL: u16 = 3;
    pub(crate) const NOT: u16 = 4;
    pub(crate) const AND: u16 = 5;
    pub(crate) const OR: u16 = 6;
    pub(crate) const IMPLIES: u16 = 7;
    pub(crate) const LESS: u16 = 8;
    pub(crate) const GREATER: u16 = 9;
    pub(crate) const LESS_EQUAL: u16 = 10;
    pub(crate) const GREATER_EQUAL: u16 = 11;
}

/// The answer of such an operator when its operands are known and simple.
pub(crate) fn try_test(m: &mut Machine, node: &'static Node, env: Env) -> Option<bool> {
    let (left, right) = (node.child(0), node.child(1));
    match node.slot {
        test::NOT => Some(!attempt_bool(m, left, env)?),
        test::AND => Some(attempt_bool(m, left, env)? && attempt_bool(m, right, env)?),
        test::OR => Some(attempt_bool(m, left, env)? || attempt_bool(m, right, env)?),
        test::IMPLIES => Some(!attempt_bool(m, left, env)? || attempt_bool(m, right, env)?),
        test::EQUAL => quick_equal(attempt(m, left, env)?, attempt(m, right, env)?),
        test::NOT_EQUAL => Some(!quick_equal(attempt(m, left, env)?, attempt(m, right, env)?)?),
        order => {
            let a = attempt(m, left, env)?.as_inline_int()?;
            let b = attempt(m, right, env)?.as_inline_int()?;
            Some(match order {
                test::LESS => a < b,
                test::GREATER => a > b,
                test::LESS_EQUAL => a <= b,
                _ => a >= b,
            })
        }
    }
}

/// The operands in the order in which a builtin forces them; what the second fails with is raised where the
/// builtin looks at it.
#[inline(always)]
fn operands(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    (first, second): (usize, usize),
) -> R<(Value, Value)> {
    let a = node.child(first).eval_simple(m, env)?;
    let b = match node.child(second).eval_simple(m, env) {
        Ok(v) => v,
        Err(raised) => m.failed(raised),
    };
    Ok((a, b))
}

/// An operator that is a builtin of two arguments. Words: left, right, the builtin.
#[inline(always)]
fn binary(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    fast: impl FnOnce(&mut Machine, i64, i64) -> Option<Value>,
) -> R<Value> {
    let (a, b) = match operands(m, node, env, (0, 1)) {
        Ok(both) => both,
        Err(raised) => return first_failed(m, node, env, raised, 1),
    };
    if let (Some(x), Some(y)) = (a.as_inline_int(), b.as_inline_int())
        && let Some(result) = fast(m, x, y)
    {
        return Ok(result);
    }
    builtin(m, node, a, b)
}

#[inline(never)]
fn builtin(m: &mut Machine, node: &'static Node, a: Value, b: Value) -> R<Value> {
    // SAFETY: the compiler stores a builtin's address in word 2 of these nodes.
    let op: &'static PrimOp = unsafe { node.data(2) };
    m.call_primop(op, &[a, b], node.pos)
}

#[cold]
#[inline(never)]
fn first_failed(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    raised: Raised,
    second: usize,
) -> R<Value> {
    let a = m.failed(raised);
    let b = delay(m, node.child(second), env);
    builtin(m, node, a, b)
}

/// `a - b`
pub(crate) fn sub(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    binary(m, node, env, |_, a, b| Value::inline_int(a - b))
}

/// `a * b`
pub(crate) fn mul(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    binary(m, node, env, |_, a, b| a.checked_mul(b).and_then(Value::inline_int))
}

/// `a / b`
pub(crate) fn div(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    binary(m, node, env, |_, a, b| a.checked_div(b).and_then(Value::inline_int))
}

/// `a < b`, or `b < a` with its operands swapped: the builtin that it is, with answers of its own for small
/// integers and strings.
#[inline(always)]
fn order(m: &mut Machine, node: &'static Node, env: Env, swap: bool) -> R<Value> {
    // The builtin forces its first argument first; with operands swapped that is the right one.
    let (first, second) = if swap { (1, 0) } else { (0, 1) };
    let (a, b) = match operands(m, node, env, (first, second)) {
        Ok(both) => both,
        Err(raised) => return first_failed(m, node, env, raised, second),
    };
    if let (Some(x), Some(y)) = (a.as_inline_int(), b.as_inline_int()) {
        return Ok(Value::bool(x < y));
    }
    if let (Some(x), Some(y)) = (a.as_str(), b.as_str()) {
        return Ok(Value::bool(x.bytes() < y.bytes()));
    }
    builtin(m, node, a, b)
}

/// `a < b`
pub(crate) fn less(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    order(m, node, env, false)
}

/// `a > b`, which is `b < a`
pub(crate) fn greater(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    order(m, node, env, true)
}

fn not(v: Value) -> Value {
    Value::bool(v != Value::TRUE)
}

/// `a <= b`, which is `!(b < a)`
pub(crate) fn less_equal(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let r = order(m, node, env, true);
    negated(m, node, r)
}

/// `a >= b`, which is `!(a < b)`
pub(crate) fn greater_equal(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let r = order(m, node, env, false);
    negated(m, node, r)
}

#[inline(always)]
fn negated(m: &mut Machine, node: &'static Node, result: R<Value>) -> R<Value> {
    match result {
        Ok(v) => Ok(not(v)),
        Err(raised) => Err(m.frame(raised, node.pos, "in the argument of '!'")),
    }
}

/// `!a`. Word 0: the operand.
pub(crate) fn logical_not(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    Ok(Value::bool(!condition(m, node.child(0), env, "in the argument of '!'")?))
}

/// `a && b`. Words: operands.
pub(crate) fn and(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    Ok(Value::bool(
        condition(m, node.child(0), env, "in the left operand of '&&'")?
            && condition(m, node.child(1), env, "in the right operand of '&&'")?,
    ))
}

/// `a || b`. Words: operands.
pub(crate) fn or(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    Ok(Value::bool(
        condition(m, node.child(0), env, "in the left operand of '||'")?
            || condition(m, node.child(1), env, "in the right operand of '||'")?,
    ))
}

/// `a -> b`. Words: operands.
pub(crate) fn implies(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    Ok(Value::bool(
        !condition(m, node.child(0), env, "in the left operand of '->'")?
            || condition(m, node.child(1), env, "in the right operand of '->'")?,
    ))
}

#[inline(always)]
fn operand(m: &mut Machine, node: &'static Node, env: Env, what: &'static str) -> R<Value> {
    match node.eval_simple(m, env) {
        Ok(v) => Ok(v),
        Err(raised) => Err(m.frame(raised, node.pos, what)),
    }
}

/// `a == b`. Words: operands.
pub(crate) fn equal(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let a = operand(m, node.child(0), env, "in the left operand of '=='")?;
    let b = operand(m, node.child(1), env, "in the right operand of '=='")?;
    Ok(Value::bool(crate::equal::equal_forced(m, a, b, node.pos)?))
}

/// `substring 0 (stringLength prefix) text == prefix`, which is how libraries write `hasPrefix`. Words:
/// the operands of the equality, then the builtins that the called variables should be, then for each of these
/// the environment where it was found to be.
pub(crate) fn starts_with(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    match try_starts_with(m, node, env) {
        Some(answer) => Ok(Value::bool(answer)),
        // Whatever was computed by now stays so; what failed fails again, with its frames.
        None => equal(m, node, env),
    }
}

#[inline(always)]
fn try_starts_with(m: &mut Machine, node: &'static Node, env: Env) -> Option<bool> {
    let (call, prefix) = (node.child(0), node.child(1));
    for (callee, index) in [(call.child(0), 2), (call.child(2).child(0), 3)] {
        if m.scope_key(home(callee, env)) != node.word(index + 2) {
            find_builtin(m, node, env, callee, index)?;
        }
    }
    let prefix = text_of(m, prefix, env)?;
    let text = text_of(m, call.child(3), env)?;
    Some(text.bytes().starts_with(prefix.bytes()))
}

/// The environment that a variable is in; of a constant one that all share.
#[inline(always)]
fn home(node: &'static Node, env: Env) -> Env {
    if node.delay == Delay::Var { env.up(node.depth()) } else { Env::EMPTY }
}

/// Looks whether a variable is the builtin that it should be. What a variable of an environment that stays
/// once was, it is for good: that is remembered.
#[inline(never)]
fn find_builtin(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    callee: &'static Node,
    index: usize,
) -> Option<()> {
    let op = attempt(m, callee, env)?.as_function()?.original().primop()?;
    if op as *const PrimOp as u64 != node.word(index) {
        return None;
    }
    let home = home(callee, env);
    if matches!(callee.delay, Delay::Var | Delay::Const) && home.is_kept() && m.keeps_scope_keys() {
        node.cell(index + 2).store(m.scope_key(home), Ordering::Relaxed);
    }
    Some(())
}

/// The string that a variable is, if it is one.
#[inline(always)]
fn text_of(m: &mut Machine, node: &'static Node, env: Env) -> Option<Str> {
    match node.eval_operand(m, env) {
        Ok(value) => value.as_str(),
        Err(raised) => {
            m.take_error(raised);
            None
        }
    }
}

/// Whether the operands of an equality make it a [`starts_with`].
pub(crate) fn is_prefix_test(left: &'static Node, right: &'static Node) -> bool {
    let is = |node: &Node, op: crate::code::Op| std::ptr::fn_addr_eq(node.op, op);
    if !is(left, super::call::call3) || right.delay != Delay::Var {
        return false;
    }
    let (zero, length, text) = (left.child(1), left.child(2), left.child(3));
    zero.delay == Delay::Const
        && zero.constant(0).as_inline_int() == Some(0)
        && is(length, super::call::call1)
        && text.delay == Delay::Var
        && length.child(1).delay == Delay::Var
        && (length.child(1).depth(), length.child(1).slot) == (right.depth(), right.slot)
}

/// `a != b`. Words: operands.
pub(crate) fn not_equal(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let a = operand(m, node.child(0), env, "in the left operand of '!='")?;
    let b = operand(m, node.child(1), env, "in the right operand of '!='")?;
    Ok(Value::bool(!crate::equal::equal_forced(m, a, b, node.pos)?))
}

/// `a // b`, the right operand first. Words: operands.
pub(crate) fn update(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let b = set_operand(m, node.child(1), env, "in the right operand of '//'")?;
    let a = set_operand(m, node.child(0), env, "in the left operand of '//'")?;
    let (Some(a), Some(b)) = (a.as_attrs(), b.as_attrs()) else { return Ok(a) };
    Ok(m.update(a, b).value())
}

#[inline(always)]
fn set_operand(m: &mut Machine, node: &'static Node, env: Env, what: &'static str) -> R<Value> {
    match node.eval_operand(m, env) {
        Ok(v) if v.as_attrs().is_some() => Ok(v),
        other => Err(set_operand_failed(m, other, node, what)),
    }
}

#[cold]
fn set_operand_failed(
    m: &mut Machine,
    result: R<Value>,
    node: &'static Node,
    what: &'static str,
) -> Raised {
    match result {
        Ok(v) => {
            let raised = m.type_error(v, "a set", crate::Pos::NONE);
            m.frame(raised, node.pos, what)
        }
        // The operands of a chain of updates are operands of one operation.
        Err(raised) if std::ptr::fn_addr_eq(node.op, update as crate::code::Op) => raised,
        Err(raised) => m.frame(raised, node.pos, what),
    }
}

/// `a ++ b`. Words: operands.
pub(crate) fn concat(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let a = operand(m, node.child(0), env, "in the left operand of '++'")?;
    let b = operand(m, node.child(1), env, "in the right operand of '++'")?;
    let (Some(x), Some(y)) = (a.as_list(), b.as_list()) else {
        let wrong = if a.as_list().is_some() { b } else { a };
        let raised = m.type_error(wrong, "a list", crate::Pos::NONE);
        return Err(m.frame(
            raised,
            node.pos,
            "while evaluating one of the elements to concatenate",
        ));
    };
    Ok(if y.is_empty() {
        a
    } else if x.is_empty() {
        b
    } else {
        m.concat_two(x, y)
    })
}
