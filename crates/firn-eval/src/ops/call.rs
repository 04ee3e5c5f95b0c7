//! Calls: lambdas with all their arguments, builtins known when compiling, and everything else.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::attrs::{Attrs, Layout};
use crate::code::{Formals, Lambda, Node};
use crate::error::{ErrorKind, EvalError, Frame, FrameText, R, Raised};
use crate::heap::For;
use crate::machine::Machine;
use crate::ops::attrs::MAY_WAIT;
use crate::ops::{at_once, bind, delay};
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::print::attr_name;
use crate::value::*;

/// `f a`. Words: function, argument.
pub(crate) fn call1(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    call_n::<1>(m, node, env)
}

/// `f a b`. Words: function, arguments.
pub(crate) fn call2(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    call_n::<2>(m, node, env)
}

/// `f a b c`. Words: function, arguments.
pub(crate) fn call3(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    call_n::<3>(m, node, env)
}

#[inline(always)]
fn call_n<const N: usize>(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let f = node.child(0).eval(m, env)?;
    if let Some(function) = f.as_function()
        && let Some((lambda, parent)) = function.as_closure()
        && lambda.arity as usize == N
    {
        let slots = lambda.slots as usize;
        let plain = if lambda.formals.is_some() { N - 1 } else { N };
        let inner = if node.slot == MAY_WAIT {
            let inner = m.call_env(parent, slots, env);
            for i in 0..plain {
                let child = node.child(1 + i);
                match at_once(m, child, env) {
                    Some(value) => inner.slot(1 + i).set(value),
                    None => inner.slot(1 + i).wait_for(1 + i, child),
                }
            }
            inner
        } else {
            let inner = m.env(parent, slots);
            for i in 0..plain {
                let value = delay(m, node.child(1 + i), env);
                inner.slot(1 + i).set(value);
            }
            inner
        };
        if let Some(formals) = &lambda.formals {
            return call_pattern(m, node, env, lambda, formals, inner, N);
        }
        m.enter(node.pos)?;
        let result = lambda.body.eval(m, inner);
        m.leave();
        m.done_with(inner, lambda.slots as usize);
        return match result {
            Ok(v) => Ok(v),
            Err(raised) => Err(call_failed(m, raised, lambda, node.pos)),
        };
    }
    let mut args = [Value::NULL; N];
    for (i, arg) in args.iter_mut().enumerate() {
        *arg = delay(m, node.child(1 + i), env);
    }
    m.call(f, &args, node.pos)
}

/// The last argument is taken apart: it is evaluated without a thunk.
#[inline(never)]
fn call_pattern(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    lambda: &'static Lambda,
    formals: &'static Formals,
    inner: Env,
    index: usize,
) -> R<Value> {
    m.enter(node.pos)?;
    let result = call_pattern_inside(m, node, env, lambda, formals, inner, index);
    m.leave();
    m.done_with(inner, lambda.slots as usize);
    result
}

#[inline(always)]
fn call_pattern_inside(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
    lambda: &'static Lambda,
    formals: &'static Formals,
    inner: Env,
    index: usize,
) -> R<Value> {
    let arg = match node.child(index).eval(m, env) {
        Ok(v) => v,
        Err(raised) => return Err(argument_failed(m, raised, lambda, node.pos)),
    };
    bind_pattern(m, lambda, formals, inner, arg, node.pos)?;
    match lambda.body.eval(m, inner) {
        Ok(v) => Ok(v),
        Err(raised) => Err(call_failed(m, raised, lambda, node.pos)),
    }
}

/// Any number of arguments. Words: function, number of arguments, arguments.
pub(crate) fn call_many(m: &mut Machine, node: &'static Node, env: Env) -> R<Value> {
    let f = node.child(0).eval(m, env)?;
    let n = node.word(1) as usize;
    let mut args = Vec::with_capacity(n);
    for i in 0..n {
        args.push(delay(m, node.child(2 + i), env));
    }
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
    let mut args = [Value::NULL; N];
    let mut failed = false;
    for (i, arg) in args.iter_mut().enumerate() {
        *arg = if i < op.strict as usize && !failed {
            match node.child(1 + i).eval(m, env) {
                Ok(v) => v,
                Err(raised) => {
                    failed = true;
                    m.failed(raised)
                }
            }
        } else {
            delay(m, node.child(1 + i), env)
        };
    }
    m.call_primop(op, &args, node.pos)
}

#[cold]
#[inline(never)]
pub(crate) fn call_failed(
    m: &mut Machine,
    raised: Raised,
    lambda: &'static Lambda,
    pos: Pos,
) -> Raised {
    let error = m.error_mut();
    error.frames.push(Frame {
        pos: lambda.pos,
        text: FrameText::Lambda(lambda.name),
        always: false,
    });
    if pos.is_some() {
        error.frames.push(Frame { pos, text: "from call site".into(), always: false });
    }
    raised
}

#[cold]
#[inline(never)]
fn argument_failed(m: &mut Machine, raised: Raised, lambda: &'static Lambda, pos: Pos) -> Raised {
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
fn bind_pattern(
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

impl Machine {
    /// A value whose forcing raises the error raised last.
    #[cold]
    pub(crate) fn failed(&mut self, raised: Raised) -> Value {
        let mut error = self.take_error(raised);
        // The builtin will look at the value without a place of its own.
        if matches!(error.kind, ErrorKind::InfiniteRecursion) && error.frames.is_empty() {
            error.pos = Pos::NONE;
        }
        self.kept_errors.push(Some(error));
        let index = self.int(self.kept_errors.len() as i64 - 1);
        self.lazy_native(&RERAISE, &[index])
    }

    /// Calls a builtin with exactly its arguments.
    #[inline(always)]
    pub(crate) fn call_primop(
        &mut self,
        op: &'static PrimOp,
        args: &[Value],
        pos: Pos,
    ) -> R<Value> {
        self.enter(pos)?;
        let result = (op.fun)(self, args, pos);
        self.leave();
        match result {
            Ok(v) if !v.is_thunk() => Ok(v),
            Ok(v) => self.force_at(v, pos),
            Err(raised) => Err(self.primop_failed(raised, op, pos)),
        }
    }

    #[cold]
    #[inline(never)]
    fn primop_failed(&mut self, raised: Raised, op: &'static PrimOp, pos: Pos) -> Raised {
        if op.frame { self.frame(raised, pos, FrameText::Builtin(op.short_name())) } else { raised }
    }

    /// Calls a function with arguments; too few give a function, too many are given to the result.
    ///
    /// # Errors
    /// When `f` is no function, and whatever the call raises.
    pub fn call(&mut self, f: Value, args: &[Value], pos: Pos) -> R<Value> {
        let f = self.force_at(f, pos)?;
        if let [arg] = args
            && let Some(function) = f.as_function()
            && let Some((lambda, parent)) = function.as_closure()
            && lambda.arity == 1
        {
            return self.call_lambda(lambda, parent, &[], &[*arg], pos);
        }
        let mut f = f;
        let mut args = args;
        while !args.is_empty() {
            (f, args) = self.call_step(f, args, pos)?;
        }
        Ok(f)
    }

    /// Gives a function some of the arguments; returns the result and what is left.
    fn call_step<'a>(&mut self, f: Value, args: &'a [Value], pos: Pos) -> R<(Value, &'a [Value])> {
        let Some(function) = f.as_function() else { return self.call_functor(f, args, pos) };
        let (before, arity): (&[Slot], usize) = match function.kind() {
            FunctionKind::Closure(lambda, _) => (&[], lambda.arity as usize),
            FunctionKind::Partial(lambda, _, before) => (before, lambda.arity as usize),
            FunctionKind::PrimOp(op) => (&[], op.arity()),
            FunctionKind::PrimOpApp(op, before) => (before, op.arity()),
        };
        let missing = arity - before.len();
        let enough = args.len() >= missing;
        let (now, left) = args.split_at(missing.min(args.len()));
        let result = match function.kind() {
            FunctionKind::Closure(lambda, env) | FunctionKind::Partial(lambda, env, _) => {
                if enough {
                    self.call_lambda(lambda, env, before, now, pos)?
                } else {
                    self.partial(lambda, env, before, now)
                }
            }
            FunctionKind::PrimOp(op) | FunctionKind::PrimOpApp(op, _) => {
                if !enough {
                    self.primop_app(op, before, now)
                } else if before.is_empty() {
                    self.call_primop(op, now, pos)?
                } else {
                    let all: Vec<Value> =
                        before.iter().map(Slot::get).chain(now.iter().copied()).collect();
                    self.call_primop(op, &all, pos)?
                }
            }
        };
        Ok((result, left))
    }

    /// Runs a lambda that has all its arguments.
    fn call_lambda(
        &mut self,
        lambda: &'static Lambda,
        parent: Env,
        before: &[Slot],
        now: &[Value],
        pos: Pos,
    ) -> R<Value> {
        let env = self.env(parent, lambda.slots as usize);
        let all = before.iter().map(Slot::get).chain(now.iter().copied());
        let Some(formals) = &lambda.formals else {
            for (i, value) in all.enumerate() {
                env.slot(1 + i).set(value);
            }
            self.enter(pos)?;
            let result = lambda.body.eval(self, env);
            self.leave();
            self.done_with(env, lambda.slots as usize);
            return match result {
                Ok(v) => Ok(v),
                Err(raised) => Err(call_failed(self, raised, lambda, pos)),
            };
        };
        let mut last = Value::NULL;
        for (i, value) in all.enumerate() {
            if i + 1 < lambda.arity as usize {
                env.slot(1 + i).set(value);
            }
            last = value;
        }
        self.enter(pos)?;
        let result = self.call_pattern_value(lambda, formals, env, last, pos);
        self.leave();
        self.done_with(env, lambda.slots as usize);
        result
    }

    fn call_pattern_value(
        &mut self,
        lambda: &'static Lambda,
        formals: &'static Formals,
        env: Env,
        arg: Value,
        pos: Pos,
    ) -> R<Value> {
        let arg = match self.force_at(arg, lambda.pos) {
            Ok(v) => v,
            Err(raised) => return Err(argument_failed(self, raised, lambda, pos)),
        };
        bind_pattern(self, lambda, formals, env, arg, pos)?;
        match lambda.body.eval(self, env) {
            Ok(v) => Ok(v),
            Err(raised) => Err(call_failed(self, raised, lambda, pos)),
        }
    }

    #[inline(never)]
    fn call_functor<'a>(
        &mut self,
        f: Value,
        args: &'a [Value],
        pos: Pos,
    ) -> R<(Value, &'a [Value])> {
        let functor = f.as_attrs().and_then(|a| a.entry(firn_syntax::sym::FUNCTOR));
        let Some(functor) = functor else {
            let shown = crate::print::for_error(self, f);
            let text = format!(
                "attempt to call something which is not a function but {}: {shown}",
                crate::print::show_type(f)
            );
            return Err(self.fail(ErrorKind::Type, pos, text));
        };
        self.enter(pos)?;
        let result = self.call(functor.value(), &[f, args[0]], functor.pos);
        self.leave();
        match result {
            Ok(v) => Ok((v, &args[1..])),
            Err(raised) => Err(self.frame(
                raised,
                pos,
                "while calling a functor (an attribute set with a '__functor' attribute)",
            )),
        }
    }
}

/// Raises the error kept under the number it is given.
static RERAISE: PrimOp = PrimOp::new("__reraise", &["error"], reraise, "").without_frame();

fn reraise(m: &mut Machine, args: &[Value], _: Pos) -> R<Value> {
    let index = args.first().and_then(|v| v.as_int()).unwrap_or(0);
    Err(m.raise_kept(index as usize))
}
