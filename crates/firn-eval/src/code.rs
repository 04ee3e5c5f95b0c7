//! Compiled code: nodes that carry the function which evaluates them.
//!
//! A node is a header and words behind it (children, constants, caches), written once by the
//! compiler; only cache words change later. Evaluating a node is one indirect call, so a new special
//! case costs nothing where it does not apply.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use firn_syntax::Symbol;

use crate::error::R;
use crate::heap::{For, Heap};
use crate::machine::Machine;
use crate::pos::Pos;
use crate::value::{Env, Value};

/// Evaluates a node in an environment to a value that is no thunk.
pub(crate) type Op = fn(&mut Machine, &'static Node, Env) -> R<Value>;

/// How a node gives a value without evaluating: what a thunk for it would be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Delay {
    /// A thunk.
    Thunk,
    /// Word 0 is the value.
    Const,
    /// The variable at `depth`, `slot`.
    Var,
    /// A closure of the lambda at word 0.
    Lambda,
    /// `a + b` or `a - b` of small integers already known, else a thunk.
    Arith,
    /// A Boolean operator whose operands are known, else a thunk.
    Test,
    /// An attribute that is already computed, else a thunk.
    Select,
    /// An attribute behind several names, with or without a default, that is already computed, else a
    /// thunk.
    Path,
    /// Whether a known set has an attribute, else a thunk.
    Has,
    /// A call of so many arguments: a builtin that answers at once or a function that wants more, else a
    /// thunk.
    Call1,
    Call2,
    Call3,
    /// A builtin of one argument that answers at once, else a thunk.
    Prim,
    /// One of two values, if the condition is known and it too, else a thunk.
    If,
    /// A list whose elements need no thunks.
    List,
    /// A thunk: what it is is not compiled yet.
    Later,
}

/// Header of a node.
#[repr(C)]
pub(crate) struct Node {
    pub op: Op,
    pub pos: Pos,
    pub delay: Delay,
    /// Of a variable: how many environments out. Else how deep an attempt goes, and above it how often
    /// attempts failed of late (`ops/attempt.rs`).
    pub depth: AtomicU8,
    /// Of a variable: its slot. Else free for the operation.
    pub slot: u16,
}

const HEADER_WORDS: usize = size_of::<Node>() / 8;

impl Node {
    /// Writes a node with these words behind it.
    pub fn emit(heap: &mut Heap, head: Node, words: &[u64]) -> &'static Node {
        let at = heap.words(For::Code, HEADER_WORDS + words.len());
        // SAFETY: the words were just allocated; the node lives as long as the heap (V1).
        unsafe {
            (at as *mut Node).write(head);
            std::ptr::copy_nonoverlapping(words.as_ptr(), at.add(HEADER_WORDS), words.len());
            &*(at as *const Node)
        }
    }

    /// Of a variable: how many environments out.
    #[inline(always)]
    pub fn depth(&self) -> u32 {
        u32::from(self.depth.load(Ordering::Relaxed))
    }

    /// A word behind the header.
    #[inline(always)]
    pub fn word(&'static self, index: usize) -> u64 {
        self.cell(index).load(Ordering::Relaxed)
    }

    /// A word that changes (a cache).
    #[inline(always)]
    pub fn cell(&'static self, index: usize) -> &'static AtomicU64 {
        // SAFETY: each operation reads only words that the compiler wrote for it.
        unsafe {
            &*((self as *const Node as *const u64).add(HEADER_WORDS + index) as *const AtomicU64)
        }
    }

    /// A child.
    #[inline(always)]
    pub fn child(&'static self, index: usize) -> &'static Node {
        // SAFETY: the compiler wrote a node's address there.
        unsafe { &*(self.word(index) as *const Node) }
    }

    /// A child that may be missing.
    #[inline(always)]
    pub fn child_opt(&'static self, index: usize) -> Option<&'static Node> {
        // SAFETY: the compiler wrote a node's address or 0 there.
        unsafe { (self.word(index) as *const Node).as_ref() }
    }

    /// A constant.
    #[inline(always)]
    pub fn constant(&'static self, index: usize) -> Value {
        // SAFETY: the compiler wrote a value's word there.
        unsafe { Value::from_word(self.word(index)) }
    }

    /// A name.
    #[inline(always)]
    pub fn symbol(&'static self, index: usize) -> Symbol {
        symbol_of_word(self.word(index))
    }

    /// Something else the compiler put in the heap.
    ///
    /// # Safety
    /// The compiler wrote the address of a `T` there.
    #[inline(always)]
    pub unsafe fn data<T>(&'static self, index: usize) -> &'static T {
        // SAFETY: the caller's promise.
        unsafe { &*(self.word(index) as *const T) }
    }

    /// Evaluates this node.
    #[inline(always)]
    pub fn eval(&'static self, m: &mut Machine, env: Env) -> R<Value> {
        (self.op)(m, self, env)
    }

    /// Evaluates this node; a variable that has its value is read here, which saves a call whose target is
    /// hard to foresee. For operands that are variables more often than not.
    #[inline(always)]
    pub fn eval_operand(&'static self, m: &mut Machine, env: Env) -> R<Value> {
        if self.delay == Delay::Var
            && let Some(value) = env.up(self.depth()).slot(self.slot as usize).plain()
        {
            return Ok(value);
        }
        self.eval(m, env)
    }

    /// The same where constants are as likely as variables.
    #[inline(always)]
    pub fn eval_simple(&'static self, m: &mut Machine, env: Env) -> R<Value> {
        if self.delay == Delay::Const && !self.constant(0).is_thunk() {
            return Ok(self.constant(0));
        }
        self.eval_operand(m, env)
    }

    /// The node's address as a word for a parent.
    pub fn word_of(&'static self) -> u64 {
        self as *const Node as u64
    }
}

/// A name from the word a symbol was stored as.
#[inline(always)]
pub(crate) fn symbol_of_word(word: u64) -> Symbol {
    debug_assert!(Symbol::from_u32(word as u32).is_some());
    // SAFETY: `Symbol` is a transparent NonZeroU32, and the compiler stored a symbol's number.
    unsafe { std::mem::transmute::<u32, Symbol>(word as u32) }
}

/// One name of a pattern.
#[derive(Clone, Copy)]
pub(crate) struct Formal {
    pub sym: Symbol,
    pub pos: Pos,
    pub slot: u16,
    pub default: Option<&'static Node>,
}

/// A pattern.
pub(crate) struct Formals {
    /// Sorted by symbol.
    pub list: &'static [Formal],
    pub ellipsis: bool,
    /// Whether the whole set has a slot (the one before the pattern's names).
    pub whole: bool,
}

/// A function: parameters taken one after the other, the last perhaps a pattern.
#[repr(align(8))]
pub(crate) struct Lambda {
    /// Number of arguments until the body runs.
    pub arity: u16,
    /// Slots of the environment: parameters, names of the pattern, and the `let`s at the top of the
    /// body.
    pub slots: u16,
    pub formals: Option<Formals>,
    pub body: &'static Node,
    pub name: Option<Symbol>,
    /// Position of the innermost function (the one whose body runs).
    pub pos: Pos,
    /// Position of the outermost.
    pub outer_pos: Pos,
    /// Name of the first parameter, if the outermost takes a plain one.
    pub first_arg: Option<Symbol>,
    /// The value of `functionArgs`, once asked for.
    pub function_args: AtomicU64,
    /// Layout of the last argument and a table of where the pattern's names are in it.
    pub cache: AtomicU64,
}
