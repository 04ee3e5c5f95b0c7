//! Forcing: from a thunk to its value, once.

use std::sync::atomic::Ordering;

use super::errors::INTERRUPTED;
use super::{MAX_NATIVE_ARGS, Machine};
use crate::code::Node;
use crate::error::{ErrorKind, EvalError, Frame, R, Raised};
use crate::pos::Pos;
use crate::primop::PrimOp;
use crate::value::*;

/// The host hears of each so many bytes that the heap takes.
pub(super) const TELL_EACH: usize = 32 << 20;

impl Machine {
    /// The value behind a thunk; other values as they are.
    ///
    /// # Errors
    /// Whatever evaluating the thunk raises.
    #[inline(always)]
    pub fn force(&mut self, value: Value) -> R<Value> {
        self.force_at(value, Pos::NONE)
    }

    /// Forces what a slot holds and puts the result there.
    #[inline(always)]
    pub fn force_slot(&mut self, slot: &Slot) -> R<Value> {
        if let Some(value) = slot.plain() {
            return Ok(value);
        }
        let value = self.force_at(slot.get(), Pos::NONE)?;
        slot.set(value);
        Ok(value)
    }

    /// Forces, and gives an infinite recursion found right here this position.
    #[inline(always)]
    pub fn force_at(&mut self, value: Value, pos: Pos) -> R<Value> {
        if !value.is_thunk() {
            return Ok(value);
        }
        match self.force_thunk(value) {
            Ok(v) => Ok(v),
            Err(raised) => Err(self.fix_cycle_pos(raised, pos)),
        }
    }

    /// Completes an error that forcing raised: an infinite recursion found right there and a call
    /// that forcing made get the position of the place that forced.
    #[cold]
    pub(crate) fn fix_cycle_pos(&mut self, raised: Raised, pos: Pos) -> Raised {
        let error = self.error_mut();
        for frame in error.frames.last_mut() {
            if frame.pos == Pos::PENDING {
                frame.pos = pos;
            }
        }
        if error.pos == Pos::PENDING {
            error.pos = pos;
        }
        if matches!(error.kind, ErrorKind::InfiniteRecursion)
            && !error.pos.is_some()
            && error.frames.is_empty()
        {
            error.pos = pos;
        }
        raised
    }

    #[inline(always)]
    pub(crate) fn force_thunk(&mut self, value: Value) -> R<Value> {
        match referred(value) {
            Some(slot) => self.force_waiting(slot),
            None => self.force_object(value),
        }
    }

    /// The value of a thunk with an object.
    #[inline(never)]
    fn force_object(&mut self, value: Value) -> R<Value> {
        let thunk = Thunk(value.object(TAG_THUNK));
        let state = thunk.state();
        let word = state.load(Ordering::Acquire);
        if word == THUNK_DONE {
            return Ok(thunk.field(0).get());
        }
        if word & TAG_MASK == THUNK_NODE {
            if self.thunks_are_deep() {
                return self.force_deeper(|m| m.force_object(value));
            }
            state.store(THUNK_BLACKHOLE, Ordering::Relaxed);
            // SAFETY: a state with this tag is a node's address.
            let node = unsafe { &*(word as *const Node) };
            let result = (node.op)(self, node, Env(thunk.field(0).word() as *const Slot));
            return match result {
                Ok(v) => {
                    let v = self.own_identity(v);
                    thunk.field(0).set(v);
                    state.store(THUNK_DONE, Ordering::Release);
                    Ok(v)
                }
                Err(raised) => Err(self.thunk_failed(raised, thunk, word)),
            };
        }
        self.force_other(thunk, word)
    }

    /// Evaluates what waits in a slot and puts the result there.
    #[inline(never)]
    fn force_waiting(&mut self, slot: &'static Slot) -> R<Value> {
        let (node, env, word) = match slot.waiting() {
            Waiting::Moved(value) => {
                let value = self.force_at_once(value)?;
                slot.set(value);
                return Ok(value);
            }
            Waiting::Running => return Err(self.cycle(slot as *const Slot as usize)),
            Waiting::Expression(node, env, word) => (node, env, word),
        };
        if self.thunks_are_deep() {
            return self.force_deeper(|m| m.force_waiting(slot));
        }
        slot.set_running(word);
        self.running = slot;
        match (node.op)(self, node, env) {
            Ok(v) => {
                let v = self.own_identity(v);
                slot.set(v);
                Ok(v)
            }
            Err(raised) => Err(self.waiting_failed(raised, slot, word)),
        }
    }

    #[inline(always)]
    fn force_at_once(&mut self, value: Value) -> R<Value> {
        if value.is_thunk() { self.force_thunk(value) } else { Ok(value) }
    }

    /// The error of an expression that waited in a slot goes to a thunk, if it is to be kept.
    #[cold]
    fn waiting_failed(&mut self, raised: Raised, slot: &'static Slot, word: u64) -> Raised {
        let state = self.failed_state(word);
        if state == word {
            slot.set_word(word);
        } else {
            let thunk = self.failed_thunk(state);
            slot.set(thunk);
        }
        self.mark_cycle(slot as *const Slot as usize);
        raised
    }

    #[cold]
    fn cycle(&mut self, place: usize) -> Raised {
        let mut error = EvalError::new(
            ErrorKind::InfiniteRecursion,
            Pos::NONE,
            "infinite recursion encountered",
        );
        error.cycle = place;
        self.raise(error)
    }

    /// Notes in the trace of an infinite recursion where it was entered.
    fn mark_cycle(&mut self, place: usize) {
        let error = self.error_mut();
        if error.cycle == place {
            error.cycle = 0;
            error.frames.push(Frame {
                pos: Pos::NONE,
                text: "entering the infinite recursion".into(),
                always: true,
            });
        }
    }

    #[inline(never)]
    fn force_other(&mut self, thunk: Thunk, word: u64) -> R<Value> {
        if word == THUNK_BLACKHOLE {
            return Err(self.cycle(thunk.0 as usize));
        }
        if word & TAG_MASK == THUNK_FAILED {
            return Err(self.raise_kept((word >> 8) as usize));
        }
        if self.thunks_are_deep() {
            return self.force_deeper(|m| m.force_other(thunk, word));
        }
        thunk.state().store(THUNK_BLACKHOLE, Ordering::Relaxed);
        let result = if word & TAG_MASK == THUNK_APP {
            let mut args = [Value::NULL; 4];
            let n = ((word >> 8) as usize).min(4);
            for (i, arg) in args[..n].iter_mut().enumerate() {
                *arg = thunk.field(1 + i).get();
            }
            self.call(thunk.field(0).get(), &args[..n], Pos::PENDING)
        } else {
            let n = (thunk.field(0).word() as usize).min(MAX_NATIVE_ARGS);
            let mut args = [Value::NULL; MAX_NATIVE_ARGS];
            for (i, arg) in args[..n].iter_mut().enumerate() {
                *arg = thunk.field(1 + i).get();
            }
            // SAFETY: a state with this tag is a builtin's address.
            let op = unsafe { &*((word & !TAG_MASK) as *const PrimOp) };
            (op.fun)(self, &args[..n], Pos::NONE).and_then(|v| self.force(v))
        };
        match result {
            Ok(v) => {
                let v = self.own_identity(v);
                thunk.field(0).set(v);
                thunk.state().store(THUNK_DONE, Ordering::Release);
                Ok(v)
            }
            Err(raised) => Err(self.thunk_failed(raised, thunk, word)),
        }
    }

    #[cold]
    fn thunk_failed(&mut self, raised: Raised, thunk: Thunk, word: u64) -> Raised {
        let state = self.failed_state(word);
        thunk.state().store(state, Ordering::Release);
        self.mark_cycle(thunk.0 as usize);
        raised
    }

    /// A function that is the result of a thunk gets an object of its own: in the reference two
    /// thunks with the same function are two values, and functions inside sets and lists are equal
    /// only if they are one value. (nixpkgs compares platforms that way, and manuals show it.)
    #[inline(always)]
    pub(crate) fn own_identity(&mut self, v: Value) -> Value {
        if v.tag() == TAG_FUNCTION { self.copy_function(v) } else { v }
    }

    #[inline(never)]
    fn copy_function(&mut self, v: Value) -> Value {
        let Some(function) = v.as_function() else { return v };
        match function.kind() {
            FunctionKind::Closure(lambda, env) => self.closure(lambda, env),
            FunctionKind::PrimOp(op) => self.primop(op),
            _ => self.alias(function),
        }
    }

    /// The state of a thunk whose evaluation failed: it keeps the error, or may be tried again.
    fn failed_state(&mut self, word: u64) -> u64 {
        let next = self.kept_errors.len();
        let error = self.error_mut();
        if matches!(
            error.kind,
            ErrorKind::Interrupted | ErrorKind::StackOverflow | ErrorKind::Outside
        ) {
            return word;
        }
        let index = match error.kept {
            Some(index) => index,
            None => {
                error.kept = Some(next as u32);
                self.kept_errors.push(None);
                next as u32
            }
        };
        u64::from(index) << 8 | THUNK_FAILED
    }

    /// Raises a copy of an error that thunks kept.
    #[cold]
    pub(crate) fn raise_kept(&mut self, index: usize) -> Raised {
        let flying = self.error.as_mut().filter(|error| error.kept == Some(index as u32));
        let kept = self.kept_errors.get(index).cloned().flatten();
        let flying = || {
            let error = flying?;
            error.frames.share();
            Some(EvalError { kept: None, ..(**error).clone() })
        };
        match kept.or_else(flying) {
            Some(error) => self.raise(error),
            None => self.fail(ErrorKind::Eval, Pos::NONE, "evaluation of this value failed before"),
        }
    }

    /// Where a function was written, also of a call that waits; nowhere for other values.
    pub(crate) fn pos_of(&self, value: Value) -> Pos {
        let value = value.known();
        if let Some(function) = value.as_function() {
            return match function.kind() {
                FunctionKind::Closure(lambda, _) => lambda.outer_pos,
                FunctionKind::Partial(lambda, ..) => lambda.pos,
                _ => Pos::NONE,
            };
        }
        if let Some(attrs) = value.as_attrs() {
            return if attrs.is_layered() { Pos::NONE } else { attrs.layout().pos };
        }
        if !value.is_thunk() {
            return Pos::NONE;
        }
        if let Some(slot) = referred(value) {
            return match slot.waiting() {
                Waiting::Expression(node, env, _) => crate::ops::elements::function_of(node, env)
                    .map_or(Pos::NONE, |f| self.pos_of(f)),
                _ => Pos::NONE,
            };
        }
        let thunk = Thunk(value.object(TAG_THUNK));
        let state = thunk.state().load(Ordering::Relaxed);
        if state & TAG_MASK == THUNK_APP && state & THUNK_APP_UNPLACED == 0 {
            return self.pos_of(thunk.field(0).get());
        }
        Pos::NONE
    }

    /// Whether so much of the stack is used that thunks inside each other may be an endless recursion.
    #[inline(always)]
    fn thunks_are_deep(&self) -> bool {
        let probe = 0u8;
        (&raw const probe as usize) < self.deep.below
    }

    /// Forces one more thunk where they are deep, which is allowed so often that what is only deep gets its
    /// value, and what has no end fails before it has taken the whole stack and far more memory beside it.
    #[cold]
    #[inline(never)]
    fn force_deeper<T>(&mut self, force: impl FnOnce(&mut Machine) -> R<T>) -> R<T> {
        self.check_stack()?;
        let Some(deeper) = self.deep.deeper(self.stack_limit) else {
            return Err(self.stack_overflow(Pos::NONE));
        };
        let before = std::mem::replace(&mut self.deep, deeper);
        let result = force(self);
        self.deep = before;
        result
    }

    /// Fails where the stack is nearly used up; for whoever walks values as deep as they may be.
    ///
    /// # Errors
    /// It is.
    #[inline(always)]
    pub fn check_stack(&mut self) -> R<()> {
        let probe = 0u8;
        if (&raw const probe as usize) < self.stack_limit {
            Err(self.stack_overflow(Pos::NONE))
        } else {
            Ok(())
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn stack_overflow(&mut self, pos: Pos) -> Raised {
        self.fail(ErrorKind::StackOverflow, pos, "stack overflow; max-call-depth exceeded")
    }

    /// Counts one more call inside the others; [`Machine::leave`] takes it back, also after errors.
    #[inline(always)]
    pub(crate) fn enter(&mut self, pos: Pos) -> R<()> {
        if self.depth > self.max_depth {
            return Err(self.stack_overflow(pos));
        }
        self.depth += 1;
        self.polls = self.polls.wrapping_add(1);
        if self.polls & 0x3ff == 0 {
            return self.poll();
        }
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    #[cold]
    fn poll(&mut self) -> R<()> {
        if self.heap.size() >= self.tells_at {
            self.tells_at = self.heap.size() + TELL_EACH;
            self.host.memory_grew();
        }
        let answer = self.poll_plain();
        if answer.is_err() {
            self.depth -= 1;
        }
        answer
    }

    /// Asks the host now and then whether to go on, in a loop that is at this index.
    ///
    /// # Errors
    /// When the user interrupted the evaluation.
    #[inline(always)]
    pub(crate) fn poll_at(&mut self, index: usize) -> R<()> {
        if index & 0xffff == 0xffff { self.poll_plain() } else { Ok(()) }
    }

    /// Asks the host whether to go on; for loops that call nothing.
    ///
    /// # Errors
    /// When the user interrupted the evaluation.
    #[cold]
    pub fn poll_plain(&mut self) -> R<()> {
        if self.host.interrupted() {
            return Err(self.fail(ErrorKind::Interrupted, Pos::NONE, INTERRUPTED));
        }
        Ok(())
    }
}
