//! Calls whose results are remembered at the place of the call: what a function gives for plain
//! arguments (strings, numbers, Booleans, null) when it is called with them again.
//!
//! A comparison function that a list is sorted with meets the same names again and again. The language
//! is pure, so the answer stays; it is remembered if it is plain too (it has no identity that could be
//! seen) and if nothing outside was asked while it was found ([`Machine::host`]): a message is written
//! once for each call. Only calls made often are looked at, and where few have been made before, that is
//! given up.

use crate::code::Node;
use crate::error::R;
use crate::machine::Machine;
use crate::ops::attempt::attempt;
use crate::ops::call;
use crate::value::{Env, Function, Slot, TAG_IMMEDIATE, TAG_INT, TAG_STRING, Value};

/// A call that has been made so often is looked at. In the node's word: calls so far, then this and the
/// number of its table.
const OFTEN: u64 = 1000;
/// In the node's word: not looked at any more.
const NEVER: u64 = u64::MAX;
/// Lookups after which it is decided for the first time whether they pay, and at most.
const TRIAL: u32 = 64;
const LONGEST_TRIAL: u32 = 4096;
/// Results remembered for one place.
const ENTRIES: usize = 256;
/// Functions that are partial applications of partial applications are compared so deep.
const DEEPEST: u32 = 4;

/// What is known about the calls of one place.
pub(crate) struct Recall {
    /// The function that the entries are of, and another value that is the same function.
    function: Option<Function>,
    same: Option<Function>,
    /// Entries of other rounds are forgotten.
    round: u64,
    /// Lookups of this trial so far, those of them that found something, and how many it takes.
    asked: u32,
    answered: u32,
    trial: u32,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// 0: none.
    round: u64,
    arguments: [u64; 2],
    result: Option<Value>,
}

/// Whether a call, which has its word at `index`, may be remembered by now.
#[inline(always)]
pub(super) fn is_frequent(node: &'static Node, index: usize) -> bool {
    let word = node.word(index);
    if word < OFTEN {
        node.cell(index).store(word + 1, std::sync::atomic::Ordering::Relaxed);
        return false;
    }
    word != NEVER
}

/// A call that is made often. The node's word at `1 + N` is its table.
#[inline(never)]
pub(super) fn call_again<const N: usize>(
    m: &mut Machine,
    node: &'static Node,
    env: Env,
) -> R<Value> {
    let f = node.child(0).eval_operand(m, env)?;
    let Some(table) = table(m, node, 1 + N) else {
        return call::call_function::<N>(m, f, node, env);
    };
    let key = key::<N>(m, f, node, env);
    let recall = &mut m.recalls[table];
    if recall.has_failed() {
        recall.entries = Vec::new();
        node.cell(1 + N).store(NEVER, std::sync::atomic::Ordering::Relaxed);
        return call::call_function::<N>(m, f, node, env);
    }
    let Some((function, arguments)) = key else {
        return call::call_function::<N>(m, f, node, env);
    };
    if let Some(value) = recall.find(function, arguments) {
        m.recalled += 1;
        return Ok(value);
    }
    let asked = m.asked_outside.get();
    let value = call::call_function::<N>(m, f, node, env)?;
    if is_plain(value) && m.asked_outside.get() == asked {
        m.recalls[table].add(function, arguments, value);
    }
    Ok(value)
}

impl Machine {
    /// How many calls were answered by what calls before gave.
    pub fn recalled(&self) -> u64 {
        self.recalled
    }
}

/// The place's table, made when first asked for; none if the place has been given up, which calls made there
/// to find the function itself may have led to.
#[inline(always)]
fn table(m: &mut Machine, node: &'static Node, index: usize) -> Option<usize> {
    let word = node.word(index);
    if word == NEVER {
        return None;
    }
    if word > OFTEN {
        return Some((word - OFTEN - 1) as usize);
    }
    m.recalls.push(Recall::new());
    let table = m.recalls.len() - 1;
    node.cell(index).store(OFTEN + 1 + table as u64, std::sync::atomic::Ordering::Relaxed);
    Some(table)
}

/// What a result can be found by: the function, if it is a lambda that gets all its arguments and takes
/// none of them apart, and the words of the arguments, if all are plain.
#[inline(always)]
fn key<const N: usize>(
    m: &mut Machine,
    f: Value,
    node: &'static Node,
    env: Env,
) -> Option<(Function, [u64; 2])> {
    if m.debug.is_some() {
        // It may stop in each call.
        return None;
    }
    let function = f.as_function()?.original();
    let (lambda, _, before) = function.lambda_parts()?;
    if lambda.arity as usize != before.len() + N || lambda.formals.is_some() {
        return None;
    }
    let mut arguments = [0; 2];
    for (i, word) in arguments[..N].iter_mut().enumerate() {
        let value = attempt(m, node.child(1 + i), env)?;
        *word = is_plain(value).then_some(value.word())?;
    }
    Some((function, arguments))
}

/// Whether a value is nothing but its content.
#[inline(always)]
fn is_plain(value: Value) -> bool {
    matches!(value.tag(), TAG_STRING | TAG_INT | TAG_IMMEDIATE)
}

impl Recall {
    fn new() -> Recall {
        Recall {
            function: None,
            same: None,
            round: 0,
            asked: 0,
            answered: 0,
            trial: TRIAL,
            entries: Vec::new(),
        }
    }

    /// Forgets everything: by a collection, addresses get another meaning.
    pub(crate) fn forget(&mut self) {
        *self = Recall { round: self.round + 1, ..Recall::new() };
    }

    /// Counts one question; says whether too few were answered.
    #[inline(always)]
    fn has_failed(&mut self) -> bool {
        self.asked += 1;
        if self.asked <= self.trial {
            return false;
        }
        let failed = self.answered < self.trial / 3;
        (self.asked, self.answered) = (1, 0);
        self.trial = LONGEST_TRIAL.min(self.trial * 2);
        failed
    }

    fn index(arguments: [u64; 2]) -> usize {
        let mixed = (arguments[0] >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (arguments[1] >> 3).wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
        (mixed >> 40) as usize % ENTRIES
    }

    #[inline(always)]
    fn find(&mut self, function: Function, arguments: [u64; 2]) -> Option<Value> {
        let known = |f: Option<Function>| f.is_some_and(|f| std::ptr::eq(f.0, function.0));
        if !known(self.same) {
            self.meet(function);
        }
        let entry = self.entries.get(Recall::index(arguments))?;
        if entry.round != self.round || entry.arguments != arguments {
            return None;
        }
        self.answered += 1;
        entry.result
    }

    /// Looks whether the entries are of a function.
    #[inline(never)]
    fn meet(&mut self, function: Function) {
        if !self.function.is_some_and(|known| is_same(known, function, DEEPEST)) {
            self.round += 1;
            self.function = Some(function);
        }
        self.same = Some(function);
    }

    fn add(&mut self, function: Function, arguments: [u64; 2], result: Value) {
        // The call itself may have asked here for another function.
        if !self.same.is_some_and(|f| std::ptr::eq(f.0, function.0)) {
            return;
        }
        if self.entries.is_empty() {
            self.entries = vec![Entry::default(); ENTRIES];
        }
        self.entries[Recall::index(arguments)] =
            Entry { round: self.round, arguments, result: Some(result) };
    }
}

/// Whether two functions do the same: the same lambda in the same environment with the same arguments so
/// far, or with such that are the same functions themselves.
fn is_same(a: Function, b: Function, depth: u32) -> bool {
    if std::ptr::eq(a.0, b.0) {
        return true;
    }
    let (a, b) = (a.original(), b.original());
    if a.head() != b.head() {
        // Another lambda, or something else.
        return false;
    }
    let (Some((_, env_a, before_a)), Some((_, env_b, before_b))) =
        (a.lambda_parts(), b.lambda_parts())
    else {
        return false;
    };
    std::ptr::eq(env_a.0, env_b.0)
        && before_a.len() == before_b.len()
        && before_a.iter().zip(before_b).all(|(a, b)| a.word() == b.word() || are_same(a, b, depth))
}

/// The same of two arguments that are not one value.
fn are_same(a: &Slot, b: &Slot, depth: u32) -> bool {
    let (a, b) = (a.get().known(), b.get().known());
    depth > 0 && a.as_function().zip(b.as_function()).is_some_and(|(a, b)| is_same(a, b, depth - 1))
}
