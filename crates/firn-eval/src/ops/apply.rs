//! Giving values to functions that are values: closures, builtins, what has some arguments already,
//! and sets that are functions.

use super::call::{MOST_PARAMETERS, argument_failed, bind_pattern, call_failed};
use crate::code::{Formals, Lambda};
use crate::error::{ErrorKind, FrameText, R, Raised};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::*;

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
    #[inline]
    pub fn call(&mut self, f: Value, args: &[Value], pos: Pos) -> R<Value> {
        if self.profiler.is_some() {
            return self.profiled_call(f, args, pos);
        }
        self.call_untold(f, args, pos)
    }

    /// As [`Machine::call`], without a word to a profiler.
    #[inline(always)]
    pub(crate) fn call_untold(&mut self, f: Value, args: &[Value], pos: Pos) -> R<Value> {
        let f = self.force_at(f, pos)?;
        match *args {
            [a] => self.call_few(f, [a], pos),
            [a, b] => self.call_few(f, [a, b], pos),
            _ => self.call_other(f, args, pos),
        }
    }

    /// As [`Machine::call`], of a function that is forced.
    #[inline(always)]
    pub(crate) fn call_few<const N: usize>(
        &mut self,
        f: Value,
        args: [Value; N],
        pos: Pos,
    ) -> R<Value> {
        if let Some(function) = f.as_function()
            && let Some((lambda, parent, before)) = function.original().lambda_parts()
            && lambda.arity as usize == before.len() + N
            && lambda.formals.is_none()
        {
            return self.run(lambda, parent, before, args, pos);
        }
        self.call_other(f, &args, pos)
    }

    /// Runs a lambda of plain parameters that has all its arguments.
    #[inline(always)]
    fn run<const N: usize>(
        &mut self,
        lambda: &'static Lambda,
        parent: Env,
        before: &[Slot],
        args: [Value; N],
        pos: Pos,
    ) -> R<Value> {
        let env = self.env_to_fill(parent, lambda.slots as usize, before.len() + N);
        for (i, value) in before.iter().enumerate() {
            env.slot(1 + i).set_word(value.word());
        }
        for (i, value) in args.into_iter().enumerate() {
            env.slot(1 + before.len() + i).set(value);
        }
        self.enter(pos)?;
        let result = lambda.body.eval(self, env);
        self.leave();
        self.done_with(env, lambda.slots as usize);
        match result {
            Ok(v) => Ok(v),
            Err(raised) => Err(call_failed(self, raised, lambda, pos)),
        }
    }

    #[inline(never)]
    fn call_other(&mut self, f: Value, args: &[Value], pos: Pos) -> R<Value> {
        let (mut f, mut args) = (f, args);
        while !args.is_empty() {
            (f, args) = self.call_step(f, args, pos)?;
        }
        Ok(f)
    }

    /// Gives a function some of the arguments; returns the result and what is left.
    #[inline(always)]
    fn call_step<'a>(&mut self, f: Value, args: &'a [Value], pos: Pos) -> R<(Value, &'a [Value])> {
        let Some(function) = f.as_function() else { return self.call_functor(f, args, pos) };
        match function.kind() {
            FunctionKind::Closure(lambda, env) => self.lambda_step(lambda, env, &[], args, pos),
            FunctionKind::Partial(lambda, env, before) => {
                self.lambda_step(lambda, env, before, args, pos)
            }
            FunctionKind::PrimOp(op) => self.primop_step(op, &[], args, pos),
            FunctionKind::PrimOpApp(op, before) => self.primop_step(op, before, args, pos),
        }
    }

    #[inline(always)]
    fn lambda_step<'a>(
        &mut self,
        lambda: &'static Lambda,
        env: Env,
        before: &[Slot],
        args: &'a [Value],
        pos: Pos,
    ) -> R<(Value, &'a [Value])> {
        match args.split_at_checked(lambda.arity as usize - before.len()) {
            Some((now, left)) => Ok((self.call_lambda(lambda, env, before, now, pos)?, left)),
            None => Ok((self.partial(lambda, env, before, args), &[])),
        }
    }

    #[inline(always)]
    fn primop_step<'a>(
        &mut self,
        op: &'static PrimOp,
        before: &[Slot],
        args: &'a [Value],
        pos: Pos,
    ) -> R<(Value, &'a [Value])> {
        let Some((now, left)) = args.split_at_checked(op.arity() - before.len()) else {
            return Ok((self.primop_app(op, before, args), &[]));
        };
        if before.is_empty() {
            return Ok((self.call_primop(op, now, pos)?, left));
        }
        let all = before.iter().map(Slot::get).chain(now.iter().copied());
        if op.arity() > MOST_PARAMETERS {
            let all: Vec<Value> = all.collect();
            return Ok((self.call_primop(op, &all, pos)?, left));
        }
        let mut few = [Value::NULL; MOST_PARAMETERS];
        for (to, value) in few.iter_mut().zip(all) {
            *to = value;
        }
        Ok((self.call_primop(op, &few[..op.arity()], pos)?, left))
    }

    /// Runs a lambda that has all its arguments.
    #[inline]
    fn call_lambda(
        &mut self,
        lambda: &'static Lambda,
        parent: Env,
        before: &[Slot],
        now: &[Value],
        pos: Pos,
    ) -> R<Value> {
        let env = self.env(parent, lambda.slots as usize);
        for (i, value) in before.iter().enumerate() {
            env.slot(1 + i).set(value.get());
        }
        let plain = match (&lambda.formals, now) {
            (Some(_), [plain @ .., _]) => plain,
            _ => now,
        };
        for (i, value) in plain.iter().enumerate() {
            env.slot(1 + before.len() + i).set(*value);
        }
        self.enter(pos)?;
        let result = match (&lambda.formals, now.last()) {
            (Some(formals), Some(&last)) => {
                self.call_pattern_value(lambda, formals, env, last, pos)
            }
            _ => lambda.body.eval(self, env),
        };
        self.leave();
        self.done_with(env, lambda.slots as usize);
        match result {
            Ok(v) => Ok(v),
            Err(raised) if lambda.formals.is_some() => Err(raised),
            Err(raised) => Err(call_failed(self, raised, lambda, pos)),
        }
    }

    #[inline(never)]
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
