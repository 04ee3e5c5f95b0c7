//! Calls: lambdas with all their arguments, builtins known when compiling, and everything else.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::attrs::{Attrs, Layout};
use crate::code::{Delay, Formals, Lambda, Node};
use crate::error::{ErrorKind, EvalError, Frame, FrameText, R, Raised};
use crate::heap::For;
use crate::machine::Machine;
use crate::ops::attrs::MAY_WAIT;
use crate::ops::{at_once, bind, delay, recall};
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print::attr_name;
use crate::value::*;

/// `f a`. Words: function, argument, what is remembered ([`recall`]).
pub(crate) fn call1(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    if recall::is_frequent(node, 2) {
        return recall::call_again::<1>(m, node, env);
    }
    call_n::<1>(m, node, env)
}

/// `f a b`. Words: function, arguments, what is remembered ([`recall`]).
pub(crate) fn call2(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    if recall::is_frequent(node, 3) {
        return recall::call_again::<2>(m, node, env);
    }
    call_n::<2>(m, node, env)
}

/// `f a b c`. Words: function, arguments.
pub(crate) fn call3(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    call_n::<3>(m, node, env)
}

#[inline(always)]
fn call_n<const N: usize>(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let f = node.child(0).eval_operand(m, env)?;
    call_function::<N>(m, f, node, env)
}

/// Calls what the node's function is.
#[inline(always)]
pub(super) fn call_function<const N: usize>(
    m: &mut Machine,
    f: Value,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    let Some(function) = f.as_function() else { return call_with_values::<N>(m, f, node, env) };
    // What a thunk gave is a function object of its own, often an alias.
    let function = function.original();
    match function.head() & TAG_MASK {
        FUNCTION_CLOSURE => {
            if let Some((lambda, parent)) = function.as_closure()
                && lambda.arity as usize == N
            {
                return run_lambda(m, Call::of::<N>(node, env), lambda, parent, &[]);
            }
            call_with_values::<N>(m, f, node, env)
        }
        FUNCTION_PARTIAL => call_partial::<N>(m, function, node, env),
        FUNCTION_PRIMOP => call_builtin::<N>(m, function, node, env),
        _ => call_applied::<N>(m, f, node, env),
    }
}

#[inline(never)]
fn call_with_values<const N: usize>(
    m: &mut Machine,
    f: Value,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    call_delayed(m, f, Call::of::<N>(node, env))
}

/// Calls a builtin that has some of its arguments.
#[inline(never)]
fn call_applied<const N: usize>(
    m: &mut Machine,
    f: Value,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    call_other(m, f, Call::of::<N>(node, env))
}

/// Calls a lambda that has some of its arguments.
#[inline(never)]
fn call_partial<const N: usize>(
    m: &mut Machine,
    function: Function,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    if let Some((lambda, parent, before)) = function.lambda_parts()
        && lambda.arity as usize == before.len() + N
    {
        return run_lambda(m, Call::of::<N>(node, env), lambda, parent, before);
    }
    call_with_values::<N>(m, function.value(), node, env)
}

/// Calls a builtin that has no argument yet.
#[inline(never)]
fn call_builtin<const N: usize>(
    m: &mut Machine,
    function: Function,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    if let FunctionKind::PrimOp(op) = function.kind()
        && op.arity() == N
    {
        return call_saturated::<N>(m, op, Call::of::<N>(node, env));
    }
    call_with_values::<N>(m, function.value(), node, env)
}

/// Any number of arguments. Words: function, number of arguments, arguments.
pub(crate) fn call_many(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let f = node.child(0).eval(m, env)?;
    let count = node.word(1) as usize;
    call_other(m, f, Call { node, env, first: 2, count })
}

/// Arguments of a call that are still expressions.
#[derive(Clone, Copy)]
struct Call {
    node: &'static Node,
    env: Env,
    /// Index of the first argument among the node's words.
    first: usize,
    count: usize,
}

impl Call {
    /// A call with its number of arguments known.
    #[inline(always)]
    fn of<const N: usize>(node: &'static Node, env: Env) -> Call {
        Call { node, env, first: 1, count: N }
    }

    #[inline(always)]
    fn arg(&self, index: usize) -> &'static Node {
        self.node.child(self.first + index)
    }
}

/// Runs a lambda that `before` and the call's arguments together saturate.
#[inline(always)]
fn run_lambda(
    m: &mut Machine,
    call: Call,
    lambda: &'static Lambda,
    parent: Env,
    before: &[Slot],
) -> R<Value> {
    let Call { node, env, count, .. } = call;
    let slots = lambda.slots as usize;
    let plain = if lambda.formals.is_some() { count - 1 } else { count };
    let start = 1 + before.len();
    let given = before.len() + plain;
    let inner = if node.slot == MAY_WAIT {
        let inner = m.call_env(parent, slots, given, env);
        for i in 0..plain {
            let child = call.arg(i);
            match at_once(m, child, env) {
                Some(value) => inner.slot(start + i).set(value),
                None => inner.slot(start + i).wait_for(start + i, child),
            }
        }
        inner
    } else {
        let inner = m.env_to_fill(parent, slots, given);
        for i in 0..plain {
            let value = delay(m, call.arg(i), env);
            inner.slot(start + i).set(value);
        }
        inner
    };
    for (i, value) in before.iter().enumerate() {
        inner.slot(1 + i).set_word(value.word());
    }
    if let Some(formals) = &lambda.formals {
        return call_pattern(m, call, lambda, formals, inner);
    }
    m.enter(node.pos)?;
    let result = lambda.body.eval(m, inner);
    m.leave();
    m.done_with(inner, slots);
    match result {
        Ok(v) => Ok(v),
        Err(raised) => Err(call_failed(m, raised, lambda, node.pos)),
    }
}

/// Calls anything.
#[inline(never)]
fn call_other(m: &mut Machine, f: Value, call: Call) -> R<Value> {
    if let Some(function) = f.as_function() {
        match function.kind() {
            FunctionKind::Closure(lambda, parent) if lambda.arity as usize == call.count => {
                return run_lambda(m, call, lambda, parent, &[]);
            }
            FunctionKind::Partial(lambda, parent, before)
                if lambda.arity as usize == before.len() + call.count =>
            {
                return run_lambda(m, call, lambda, parent, before);
            }
            FunctionKind::PrimOp(op) if op.arity() == call.count => {
                return run_primop(m, op, &[], call);
            }
            FunctionKind::PrimOpApp(op, before) if op.arity() == before.len() + call.count => {
                return run_primop(m, op, before, call);
            }
            _ => {}
        }
    }
    call_delayed(m, f, call)
}

/// Gives the function its arguments as values, most of them thunks.
#[inline(never)]
fn call_delayed(m: &mut Machine, f: Value, call: Call) -> R<Value> {
    const FEW: usize = 6;
    if call.count <= FEW {
        let mut args = [Value::NULL; FEW];
        for (i, arg) in args[..call.count].iter_mut().enumerate() {
            *arg = delay(m, call.arg(i), call.env);
        }
        return m.call(f, &args[..call.count], call.node.pos);
    }
    let mut args = Vec::with_capacity(call.count);
    for i in 0..call.count {
        args.push(delay(m, call.arg(i), call.env));
    }
    m.call(f, &args, call.node.pos)
}

/// Runs a builtin that `before` and the call's arguments together saturate.
#[inline(always)]
fn run_primop(m: &mut Machine, op: &'static PrimOp, before: &[Slot], call: Call) -> R<Value> {
    let mut args = [Value::NULL; MOST_PARAMETERS];
    let count = before.len() + call.count;
    if count > args.len() {
        return call_delayed_primop(m, op, before, call);
    }
    let (given, new) = args[..count].split_at_mut(before.len());
    for (to, from) in given.iter_mut().zip(before) {
        *to = from.get();
    }
    arguments(m, call, op.strict >> before.len(), new);
    m.call_primop(op, &args[..count], call.node.pos)
}

/// Few builtins have more parameters than this.
pub(super) const MOST_PARAMETERS: usize = 4;

#[cold]
fn call_delayed_primop(
    m: &mut Machine,
    op: &'static PrimOp,
    before: &[Slot],
    call: Call,
) -> R<Value> {
    let mut args: Vec<Value> = before.iter().map(Slot::get).collect();
    for i in 0..call.count {
        args.push(delay(m, call.arg(i), call.env));
    }
    m.call_primop(op, &args, call.node.pos)
}

/// The arguments of a builtin: those with a bit in `strict` are evaluated at once.
#[inline(always)]
fn arguments(m: &mut Machine, call: Call, strict: u8, to: &mut [Value]) {
    let mut failed = false;
    for (i, arg) in to.iter_mut().enumerate() {
        *arg = if strict >> i & 1 == 1 && !failed {
            match call.arg(i).eval_operand(m, call.env) {
                Ok(v) => v,
                Err(raised) => {
                    failed = true;
                    m.failed(raised)
                }
            }
        } else {
            delay(m, call.arg(i), call.env)
        };
    }
}

/// The last argument is taken apart: it is evaluated without a thunk.
#[inline(never)]
fn call_pattern(
    m: &mut Machine,
    call: Call,
    lambda: &'static Lambda,
    formals: &'static Formals,
    inner: Env,
) -> R<Value> {
    m.enter(call.node.pos)?;
    let result = call_pattern_inside(m, call, lambda, formals, inner);
    m.leave();
    m.done_with(inner, lambda.slots as usize);
    result
}

#[inline(always)]
fn call_pattern_inside(
    m: &mut Machine,
    call: Call,
    lambda: &'static Lambda,
    formals: &'static Formals,
    inner: Env,
) -> R<Value> {
    let Call { node, env, count, .. } = call;
    let arg = match call.arg(count - 1).eval(m, env) {
        Ok(v) => v,
        Err(raised) => return Err(argument_failed(m, raised, lambda, node.pos)),
    };
    bind_pattern(m, lambda, formals, inner, arg, node.pos)?;
    match lambda.body.eval(m, inner) {
        Ok(v) => Ok(v),
        Err(raised) => Err(call_failed(m, raised, lambda, node.pos)),
    }
}

/// Any number of arguments, in the way that a profiler sees. Words: function, number of arguments,
/// arguments.
pub(crate) fn call_profiled(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let f = node.child(0).eval(m, env)?;
    let count = node.word(1) as usize;
    let args: Vec<Value> = (0..count).map(|i| delay(m, node.child(2 + i), env)).collect();
    m.call(f, &args, node.pos)
}

/// A builtin with exactly its arguments. Words: the builtin, then arguments.
pub(crate) fn prim1(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    prim::<1>(m, node, env)
}

/// A builtin with exactly its arguments. Words: the builtin, then arguments.
pub(crate) fn prim2(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    prim::<2>(m, node, env)
}

/// A builtin with exactly its arguments. Words: the builtin, then arguments.
pub(crate) fn prim3(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    prim::<3>(m, node, env)
}

#[inline(always)]
fn prim<const N: usize>(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    // SAFETY: the compiler stores a builtin's address in word 0.
    let op: &'static PrimOp = unsafe { node.data(0) };
    call_saturated::<N>(m, op, Call::of::<N>(node, env))
}

/// Calls a builtin that gets all its arguments.
#[inline(always)]
fn call_saturated<const N: usize>(m: &mut Machine, op: &'static PrimOp, call: Call) -> R<Value> {
    if op.only_calls && call.arg(0).delay == Delay::Lambda {
        return call_with_literal::<N>(m, op, call);
    }
    let mut args = [Value::NULL; N];
    arguments(m, call, op.strict, &mut args);
    m.call_primop(op, &args, call.node.pos)
}

/// Calls a builtin whose first argument is written out as a function, which it only calls: that needs no
/// object on the heap, and does not keep its environment.
#[inline(never)]
fn call_with_literal<const N: usize>(m: &mut Machine, op: &'static PrimOp, call: Call) -> R<Value> {
    let function = [call.arg(0).word(0) | FUNCTION_CLOSURE, call.env.0 as u64];
    let mut args = [Value::NULL; N];
    // `op` forgets the value before this function returns, and no collection runs meanwhile (V1).
    args[0] = Value::from_object(function.as_ptr(), TAG_FUNCTION);
    let others = Call { first: call.first + 1, count: N - 1, ..call };
    arguments(m, others, op.strict >> 1, &mut args[1..]);
    m.call_primop(op, &args, call.node.pos)
}

#[cold]
#[inline(never)]
pub(super) fn call_failed(
    m: &mut Machine,
    raised: Raised,
    lambda: &'static Lambda,
    pos: Pos,
) -> Raised {
    let error = m.error_mut();
    error.add_frame(Frame { pos: lambda.pos, text: FrameText::Lambda(lambda.name), always: false });
    if pos.is_some() {
        error.add_frame(Frame { pos, text: "from call site".into(), always: false });
    }
    raised
}

#[cold]
#[inline(never)]
pub(super) fn argument_failed(
    m: &mut Machine,
    raised: Raised,
    lambda: &'static Lambda,
    pos: Pos,
) -> Raised {
    let raised =
        m.frame(raised, lambda.pos, "while evaluating the value passed for the lambda argument");
    if pos.is_some() { m.frame(raised, pos, "from call site") } else { raised }
}

/// Where the names of a pattern are in the sets of one layout: that of the last argument.
struct PatternMap {
    layout: AtomicPtr<Layout>,
    /// For each name of the pattern the index in the layout, or `MISSING`.
    indexes: &'static [AtomicU32],
}

const MISSING: u32 = u32::MAX;

/// Fills the slots of a pattern from a forced argument.
#[inline(always)]
pub(super) fn bind_pattern(
    m: &mut Machine,
    lambda: &'static Lambda,
    formals: &'static Formals,
    env: Env,
    arg: Value,
    pos: Pos,
) -> R<()> {
    let Some(attrs) = arg.as_attrs() else {
        let raised = m.type_error(arg, "a set", Pos::NONE);
        return Err(argument_failed(m, raised, lambda, pos));
    };
    if formals.whole {
        env.slot(lambda.arity as usize).set(arg);
    }
    // Most sets made at run time have a layout of their own: nothing to remember.
    if attrs.is_layered() || !attrs.layout().is_shared() {
        return bind_by_name(m, lambda, formals, env, attrs, pos);
    }
    let layout = attrs.layout();
    let map = pattern_map(m, lambda, formals.list.len());
    if !std::ptr::eq(map.layout.load(Ordering::Relaxed), layout)
        && !fill_pattern_map(map, formals, layout)
    {
        return Err(wrong_arguments(m, lambda, formals, attrs, pos));
    }
    for (formal, index) in formals.list.iter().zip(map.indexes) {
        let index = index.load(Ordering::Relaxed);
        if index != MISSING {
            env.slot(formal.slot as usize).set(attrs.slot_at(index as usize).get());
        }
    }
    for (formal, index) in formals.list.iter().zip(map.indexes) {
        if index.load(Ordering::Relaxed) == MISSING
            && let Some(default) = formal.default
        {
            bind(m, default, env, formal.slot as usize);
        }
    }
    Ok(())
}

/// The lambda's map, made when first asked for.
#[inline(always)]
fn pattern_map(m: &mut Machine, lambda: &'static Lambda, count: usize) -> &'static PatternMap {
    // SAFETY: the cache is null or a map that `new_pattern_map` made.
    let known = unsafe { (lambda.cache.load(Ordering::Acquire) as *const PatternMap).as_ref() };
    match known {
        Some(map) => map,
        None => new_pattern_map(m, lambda, count),
    }
}

#[cold]
fn new_pattern_map(m: &mut Machine, lambda: &'static Lambda, count: usize) -> &'static PatternMap {
    let indexes = m.code.bytes(For::Layout, count * 4) as *const AtomicU32;
    // SAFETY: room for `count` numbers was just allocated, and is zero.
    let indexes = unsafe { std::slice::from_raw_parts(indexes, count) };
    let map = m.code.place(PatternMap { layout: AtomicPtr::new(std::ptr::null_mut()), indexes });
    lambda.cache.store(map as *const PatternMap as u64, Ordering::Release);
    map
}

/// Finds the names of a pattern in a layout; false when the set does not fit the pattern.
#[inline(never)]
fn fill_pattern_map(map: &PatternMap, formals: &'static Formals, layout: &'static Layout) -> bool {
    map.layout.store(std::ptr::null_mut(), Ordering::Relaxed);
    let mut used = 0;
    for (to, formal) in map.indexes.iter().zip(formals.list) {
        let index = match layout.find(formal.sym) {
            Some(index) => {
                used += 1;
                index as u32
            }
            None if formal.default.is_some() => MISSING,
            None => return false,
        };
        to.store(index, Ordering::Relaxed);
    }
    if !formals.ellipsis && used != layout.len() {
        return false;
    }
    map.layout.store(layout as *const Layout as *mut Layout, Ordering::Relaxed);
    true
}

fn bind_by_name(
    m: &mut Machine,
    lambda: &'static Lambda,
    formals: &'static Formals,
    env: Env,
    attrs: Attrs,
    pos: Pos,
) -> R<()> {
    let mut used = 0;
    for formal in formals.list {
        match attrs.get(formal.sym) {
            Some(slot) => {
                used += 1;
                env.slot(formal.slot as usize).set(slot.get());
            }
            None if formal.default.is_some() => {}
            None => return Err(wrong_arguments(m, lambda, formals, attrs, pos)),
        }
    }
    if !formals.ellipsis && used != attrs.len() {
        return Err(wrong_arguments(m, lambda, formals, attrs, pos));
    }
    for formal in formals.list {
        if let Some(default) = formal.default
            && attrs.get(formal.sym).is_none()
        {
            bind(m, default, env, formal.slot as usize);
        }
    }
    Ok(())
}

fn lambda_name(lambda: &Lambda) -> String {
    lambda.name.map_or_else(|| "anonymous lambda".to_owned(), |n| n.to_string())
}

#[cold]
#[inline(never)]
fn wrong_arguments(
    m: &mut Machine,
    lambda: &'static Lambda,
    formals: &'static Formals,
    attrs: Attrs,
    pos: Pos,
) -> Raised {
    let name = lambda_name(lambda);
    for formal in formals.list {
        if formal.default.is_none() && attrs.get(formal.sym).is_none() {
            let missing = attr_name(formal.sym);
            let text = format!("function '{name}' called without required argument '{missing}'");
            let raised = m.fail(ErrorKind::Type, lambda.pos, text);
            return m.frame(raised, pos, "from call site");
        }
    }
    let names = || formals.list.iter().map(|f| f.sym);
    let extra = m.flat(attrs).iter().map(|e| e.sym).find(|sym| !names().any(|n| n == *sym));
    let Some(extra) = extra else {
        return m.fail(ErrorKind::Type, lambda.pos, "arguments do not fit");
    };
    let shown = attr_name(extra);
    let text = format!("function '{name}' called with unexpected argument '{shown}'");
    let mut error = EvalError::new(ErrorKind::Type, lambda.pos, text);
    error.suggestions = crate::suggest::best_matches(names().collect(), extra);
    let raised = m.raise(error);
    m.frame(raised, pos, "from call site")
}
