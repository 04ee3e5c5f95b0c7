//! Value words: what a slot of an environment, list or attribute set holds.
//!
//! A [`Value`] is one machine word. Its three low bits say what it is; small integers, booleans and
//! null are in the word itself, everything else is a pointer into the heap of the [`Machine`] that
//! made it. A word with tag 0 is a thunk: something still to be computed, or already computed and to
//! be read through.
//!
//! Invariant (V1): a value is used only with the machine that made it, and not after that machine is
//! gone, nor after a call of [`Machine::collect`] that did not find it among its roots. Heap objects
//! never move and are not freed otherwise, so a handle may be copied freely. All `unsafe` blocks of this module rest on V1 and on the tag saying truly what is behind
//! the pointer.
//!
//! [`Machine`]: crate::Machine
//! [`Machine::collect`]: crate::Machine::collect

use crate::code::Lambda;
use crate::context::Ctx;
use crate::primop::PrimOp;
pub use crate::slot::Slot;
pub(crate) use crate::slot::*;
use std::num::NonZeroU64;

/// One word: an immediate, or a tagged pointer into the heap.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(NonZeroU64);

pub(crate) const TAG_MASK: u64 = 7;
pub(crate) const TAG_THUNK: u64 = 0;
pub(crate) const TAG_INT: u64 = 1;
pub(crate) const TAG_ATTRS: u64 = 2;
pub(crate) const TAG_LIST: u64 = 3;
pub(crate) const TAG_STRING: u64 = 4;
pub(crate) const TAG_FUNCTION: u64 = 5;
pub(crate) const TAG_BOX: u64 = 6;
pub(crate) const TAG_IMMEDIATE: u64 = 7;

const NULL_WORD: u64 = TAG_IMMEDIATE;
const FALSE_WORD: u64 = TAG_IMMEDIATE | 8;
const TRUE_WORD: u64 = TAG_IMMEDIATE | 16;

/// Largest magnitude an integer inside the word may have.
const INLINE_INT_BITS: u32 = 61;

/// What a forced value is, with a handle to its content.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `null`
    Null,
    /// A Boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// A string with its context.
    String(Str),
    /// An absolute, canonical path.
    Path(Str),
    /// A list.
    List(List),
    /// An attribute set.
    Attrs(crate::attrs::Attrs),
    /// A lambda, builtin, or one of them with some arguments.
    Function(Function),
    /// Something only a host understands.
    External(External),
}

impl Value {
    /// `null`
    pub const NULL: Value = Value::constant(NULL_WORD);
    /// `true`
    pub const TRUE: Value = Value::constant(TRUE_WORD);
    /// `false`
    pub const FALSE: Value = Value::constant(FALSE_WORD);

    const fn constant(word: u64) -> Value {
        match NonZeroU64::new(word) {
            Some(w) => Value(w),
            None => panic!("a value word is never zero"),
        }
    }

    /// A Boolean.
    #[inline(always)]
    pub fn bool(b: bool) -> Value {
        if b { Value::TRUE } else { Value::FALSE }
    }

    /// The word itself.
    #[inline(always)]
    pub(crate) fn word(self) -> u64 {
        self.0.get()
    }

    /// A value from a word.
    ///
    /// # Safety
    /// The word came from [`Value::word`] of the same machine.
    #[inline(always)]
    pub(crate) unsafe fn from_word(word: u64) -> Value {
        debug_assert!(word != 0);
        // SAFETY: the caller's promise; no value word is zero.
        Value(unsafe { NonZeroU64::new_unchecked(word) })
    }

    /// A value from a heap object and its tag.
    #[inline(always)]
    pub(crate) fn from_object(object: *const u64, tag: u64) -> Value {
        debug_assert!(!object.is_null() && object as u64 & TAG_MASK == 0);
        // SAFETY: heap objects are not at address zero.
        Value(unsafe { NonZeroU64::new_unchecked(object as u64 | tag) })
    }

    #[inline(always)]
    pub(crate) fn tag(self) -> u64 {
        self.word() & TAG_MASK
    }

    /// The heap object behind a word known to have the tag `tag`.
    #[inline(always)]
    pub(crate) fn object(self, tag: u64) -> *const u64 {
        (self.word().wrapping_sub(tag)) as *const u64
    }

    /// Whether this must be forced before it can be looked at.
    #[inline(always)]
    pub fn is_thunk(self) -> bool {
        self.tag() == TAG_THUNK
    }

    /// Whether the word points to an object.
    pub(crate) fn is_object(self) -> bool {
        !matches!(self.tag(), TAG_INT | TAG_IMMEDIATE)
    }

    /// A small integer in the word, if it fits.
    #[inline(always)]
    pub(crate) fn inline_int(i: i64) -> Option<Value> {
        let shifted = i << (64 - INLINE_INT_BITS);
        if shifted >> (64 - INLINE_INT_BITS) == i {
            Some(Value::constant_word(shifted as u64 | TAG_INT))
        } else {
            None
        }
    }

    #[inline(always)]
    fn constant_word(word: u64) -> Value {
        // SAFETY: every caller sets at least one tag bit.
        Value(unsafe { NonZeroU64::new_unchecked(word) })
    }

    /// The integer in the word, if it is a small one.
    #[inline(always)]
    pub(crate) fn as_inline_int(self) -> Option<i64> {
        if self.tag() == TAG_INT { Some(self.word() as i64 >> 3) } else { None }
    }

    /// The integer, small or boxed.
    #[inline(always)]
    pub fn as_int(self) -> Option<i64> {
        match self.tag() {
            TAG_INT => Some(self.word() as i64 >> 3),
            TAG_BOX => match self.boxed() {
                Boxed::Int(i) => Some(i),
                _ => None,
            },
            _ => None,
        }
    }

    /// The Boolean, if it is one.
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        match self.word() {
            TRUE_WORD => Some(true),
            FALSE_WORD => Some(false),
            _ => None,
        }
    }

    /// The double, if it is one.
    pub fn as_float(self) -> Option<f64> {
        match self.tag() {
            TAG_BOX => match self.boxed() {
                Boxed::Float(f) => Some(f),
                _ => None,
            },
            _ => None,
        }
    }

    /// The string, if it is one.
    #[inline(always)]
    pub fn as_str(self) -> Option<Str> {
        (self.tag() == TAG_STRING).then(|| Str(self.object(TAG_STRING) as *const StrObject))
    }

    /// The path's text, if it is a path.
    pub fn as_path(self) -> Option<Str> {
        match self.tag() {
            TAG_BOX => match self.boxed() {
                Boxed::Path(s) => Some(s),
                _ => None,
            },
            _ => None,
        }
    }

    /// The list, if it is one.
    #[inline(always)]
    pub fn as_list(self) -> Option<List> {
        (self.tag() == TAG_LIST).then(|| List(self.object(TAG_LIST) as *const ListObject))
    }

    /// The attribute set, if it is one.
    #[inline(always)]
    pub fn as_attrs(self) -> Option<crate::attrs::Attrs> {
        (self.tag() == TAG_ATTRS).then(|| crate::attrs::Attrs(self.object(TAG_ATTRS)))
    }

    /// The function, if it is one.
    #[inline(always)]
    pub fn as_function(self) -> Option<Function> {
        (self.tag() == TAG_FUNCTION).then(|| Function(self.object(TAG_FUNCTION)))
    }

    /// Whether this is `null`.
    #[inline(always)]
    pub fn is_null(self) -> bool {
        self.word() == NULL_WORD
    }

    pub(crate) fn boxed(self) -> Boxed {
        let object = self.object(TAG_BOX);
        // SAFETY: V1; boxed objects have two words, the first of which is one of the BOX_ codes.
        unsafe {
            let payload = *object.add(1);
            match *object {
                BOX_INT => Boxed::Int(payload as i64),
                BOX_FLOAT => Boxed::Float(f64::from_bits(payload)),
                BOX_PATH => Boxed::Path(Str(payload as *const StrObject)),
                _ => Boxed::External(External(payload as u32)),
            }
        }
    }

    /// The kind of a forced value.
    ///
    /// # Panics
    /// Never on values which `Machine::force` returned; a thunk reads as the value it stands for
    /// when that is known and as `Null` otherwise.
    pub fn kind(self) -> Kind {
        match self.tag() {
            TAG_INT => Kind::Int(self.word() as i64 >> 3),
            TAG_ATTRS => Kind::Attrs(crate::attrs::Attrs(self.object(TAG_ATTRS))),
            TAG_LIST => Kind::List(List(self.object(TAG_LIST) as *const ListObject)),
            TAG_STRING => Kind::String(Str(self.object(TAG_STRING) as *const StrObject)),
            TAG_FUNCTION => Kind::Function(Function(self.object(TAG_FUNCTION))),
            TAG_BOX => match self.boxed() {
                Boxed::Int(i) => Kind::Int(i),
                Boxed::Float(f) => Kind::Float(f),
                Boxed::Path(p) => Kind::Path(p),
                Boxed::External(e) => Kind::External(e),
            },
            TAG_IMMEDIATE => match self.word() {
                TRUE_WORD => Kind::Bool(true),
                FALSE_WORD => Kind::Bool(false),
                _ => Kind::Null,
            },
            _ => match self.known() {
                v if v.is_thunk() => Kind::Null,
                v => v.kind(),
            },
        }
    }

    /// The value itself, or what it is known to be when it is a thunk already computed.
    #[inline(always)]
    pub fn known(self) -> Value {
        if self.is_thunk() { crate::slot::known(self).unwrap_or(self) } else { self }
    }

    /// The type's name as `builtins.typeOf` gives it, of a forced value.
    pub fn type_name(self) -> &'static str {
        match self.kind() {
            Kind::Null => "null",
            Kind::Bool(_) => "bool",
            Kind::Int(_) => "int",
            Kind::Float(_) => "float",
            Kind::String(_) => "string",
            Kind::Path(_) => "path",
            Kind::List(_) => "list",
            Kind::Attrs(_) => "set",
            Kind::Function(_) => "lambda",
            Kind::External(_) => "external",
        }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({:#x})", self.word())
    }
}

pub(crate) const BOX_INT: u64 = 1;
pub(crate) const BOX_FLOAT: u64 = 2;
pub(crate) const BOX_PATH: u64 = 3;
pub(crate) const BOX_EXTERNAL: u64 = 4;

/// Content of a boxed object.
pub(crate) enum Boxed {
    Int(i64),
    Float(f64),
    Path(Str),
    External(External),
}

/// Index of an external value in its machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct External(pub(crate) u32);

/// A string's header; the bytes are elsewhere, so slices share them.
#[repr(C)]
pub(crate) struct StrObject {
    pub ptr: *const u8,
    pub len: u32,
    pub ctx: u32,
}

/// Handle of a string: bytes and context.
#[derive(Clone, Copy)]
pub struct Str(pub(crate) *const StrObject);

impl Str {
    /// The bytes. Valid as long as the machine lives (V1).
    #[inline(always)]
    pub fn bytes(self) -> &'static [u8] {
        // SAFETY: V1; `ptr` and `len` describe initialised bytes that are never written again.
        unsafe { std::slice::from_raw_parts((*self.0).ptr, (*self.0).len as usize) }
    }

    /// The text, with bytes that are no UTF-8 replaced.
    pub fn to_text(self) -> std::borrow::Cow<'static, str> {
        String::from_utf8_lossy(self.bytes())
    }

    /// The string's context.
    #[inline(always)]
    pub fn ctx(self) -> Ctx {
        // SAFETY: V1.
        Ctx(unsafe { (*self.0).ctx })
    }

    /// As a string value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value::from_object(self.0 as *const u64, TAG_STRING)
    }
}

/// A list's header: where the elements are (elsewhere, so tails share them) and above the address their
/// number. If that does not fit, it is in a second word.
#[repr(transparent)]
pub(crate) struct ListObject(u64);

impl ListObject {
    const COUNT_SHIFT: u32 = 48;
    /// Stands for so many elements and for more.
    const MANY: usize = 0xffff;

    /// Words of the header of a list of so many elements.
    #[inline(always)]
    pub fn words(len: usize) -> usize {
        1 + usize::from(len >= ListObject::MANY)
    }

    /// Writes a header.
    ///
    /// # Safety
    /// `object` has room for it; at `slots` there are `len` elements.
    #[inline(always)]
    pub unsafe fn write(object: *mut u64, slots: *const Slot, len: usize) -> Value {
        let count = len.min(ListObject::MANY) as u64;
        // SAFETY: the caller's promise.
        unsafe {
            *object = slots as u64 | count << ListObject::COUNT_SHIFT;
            if len >= ListObject::MANY {
                *object.add(1) = len as u64;
            }
        }
        Value::from_object(object, TAG_LIST)
    }
}

/// Handle of a list.
#[derive(Clone, Copy)]
pub struct List(pub(crate) *const ListObject);

impl List {
    /// The elements' slots.
    #[inline(always)]
    pub fn slots(self) -> &'static [Slot] {
        // SAFETY: V1; the header is as `ListObject::write` wrote it; all slots are filled before the list
        // is handed out.
        unsafe {
            let address = (*self.0).0 & ((1 << ListObject::COUNT_SHIFT) - 1);
            std::slice::from_raw_parts(address as *const Slot, self.len())
        }
    }

    /// Number of elements.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: V1.
        let count = unsafe { (*self.0).0 } >> ListObject::COUNT_SHIFT;
        if count as usize == ListObject::MANY { self.long_len() } else { count as usize }
    }

    #[cold]
    fn long_len(self) -> usize {
        // SAFETY: V1; the header of so long a list has a second word.
        unsafe { *(self.0 as *const u64).add(1) as usize }
    }

    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, not forced.
    #[inline(always)]
    pub fn get(self, index: usize) -> Value {
        self.slots()[index].get()
    }

    /// The elements, not forced.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Value> {
        self.slots().iter().map(Slot::get)
    }

    /// As a list value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value::from_object(self.0 as *const u64, TAG_LIST)
    }
}

pub(crate) const FUNCTION_CLOSURE: u64 = 0;
pub(crate) const FUNCTION_PARTIAL: u64 = 1;
pub(crate) const FUNCTION_PRIMOP: u64 = 2;
pub(crate) const FUNCTION_PRIMOP_APP: u64 = 3;
/// The same function as another object, with an identity of its own.
pub(crate) const FUNCTION_ALIAS: u64 = 4;

/// Handle of a function.
#[derive(Clone, Copy)]
pub struct Function(pub(crate) *const u64);

/// What a function is.
pub(crate) enum FunctionKind {
    Closure(&'static Lambda, Env),
    /// A lambda of several parameters with the first of them given.
    Partial(&'static Lambda, Env, &'static [Slot]),
    PrimOp(&'static PrimOp),
    PrimOpApp(&'static PrimOp, &'static [Slot]),
}

impl Function {
    #[inline(always)]
    pub(crate) fn head(self) -> u64 {
        // SAFETY: V1.
        unsafe { *self.0 }
    }

    /// The lambda whose body runs with the next argument, which its pattern then meets.
    pub(crate) fn runs_next(self) -> Option<&'static Lambda> {
        match self.kind() {
            FunctionKind::Closure(lambda, _) if lambda.arity == 1 => Some(lambda),
            FunctionKind::Partial(lambda, _, before) => {
                (before.len() + 1 == lambda.arity as usize).then_some(lambda)
            }
            _ => None,
        }
    }

    /// The function that this is an alias of, or itself.
    #[inline(always)]
    pub(crate) fn original(self) -> Function {
        let head = self.head();
        if head & TAG_MASK == FUNCTION_ALIAS {
            Function((head & !TAG_MASK) as *const u64)
        } else {
            self
        }
    }

    /// The closure, if it is a plain one.
    #[inline(always)]
    pub(crate) fn as_closure(self) -> Option<(&'static Lambda, Env)> {
        let head = self.head();
        if head & TAG_MASK != FUNCTION_CLOSURE {
            return None;
        }
        // SAFETY: V1; a closure is the lambda's address and the environment.
        unsafe { Some((&*(head as *const Lambda), Env(*self.0.add(1) as *const Slot))) }
    }

    /// The lambda, its environment and the arguments given so far, if it is one.
    #[inline(always)]
    pub(crate) fn lambda_parts(self) -> Option<(&'static Lambda, Env, &'static [Slot])> {
        let head = self.head();
        // SAFETY: V1; layouts as in `Function::kind`.
        unsafe {
            let lambda = (head & !TAG_MASK) as *const Lambda;
            let env = self.0.wrapping_add(1);
            match head & TAG_MASK {
                FUNCTION_CLOSURE => Some((&*lambda, Env(*env as *const Slot), &[])),
                FUNCTION_PARTIAL => {
                    let before = self.0.add(3) as *const Slot;
                    let before = std::slice::from_raw_parts(before, *self.0.add(2) as usize);
                    Some((&*lambda, Env(*env as *const Slot), before))
                }
                _ => None,
            }
        }
    }

    pub(crate) fn kind(self) -> FunctionKind {
        let head = self.head();
        let code = head & !TAG_MASK;
        // SAFETY: V1; layouts as `Machine` writes them: closure [lambda, env], partial
        // [lambda|1, env, n, args…], builtin [op|2], applied builtin [op|3, n, args…], alias
        // [object|4] of one that is none.
        unsafe {
            match head & TAG_MASK {
                FUNCTION_CLOSURE => FunctionKind::Closure(
                    &*(code as *const Lambda),
                    Env(*self.0.add(1) as *const Slot),
                ),
                FUNCTION_PARTIAL => {
                    let n = *self.0.add(2) as usize;
                    FunctionKind::Partial(
                        &*(code as *const Lambda),
                        Env(*self.0.add(1) as *const Slot),
                        std::slice::from_raw_parts(self.0.add(3) as *const Slot, n),
                    )
                }
                FUNCTION_PRIMOP => FunctionKind::PrimOp(&*(code as *const PrimOp)),
                FUNCTION_ALIAS => Function(code as *const u64).kind(),
                _ => {
                    let n = *self.0.add(1) as usize;
                    FunctionKind::PrimOpApp(
                        &*(code as *const PrimOp),
                        std::slice::from_raw_parts(self.0.add(2) as *const Slot, n),
                    )
                }
            }
        }
    }

    /// The name of the next parameter of a function written in the language; `None` for a pattern.
    pub fn first_argument(self) -> Option<firn_syntax::Symbol> {
        match self.kind() {
            FunctionKind::Closure(lambda, _) => lambda.first_arg,
            _ => None,
        }
    }

    /// The builtin, if it is one without arguments yet.
    pub fn primop(self) -> Option<&'static PrimOp> {
        match self.kind() {
            FunctionKind::PrimOp(op) => Some(op),
            _ => None,
        }
    }

    /// The builtin, with or without arguments.
    pub fn any_primop(self) -> Option<&'static PrimOp> {
        match self.kind() {
            FunctionKind::PrimOp(op) | FunctionKind::PrimOpApp(op, _) => Some(op),
            _ => None,
        }
    }

    /// As a function value.
    pub fn value(self) -> Value {
        Value::from_object(self.0, TAG_FUNCTION)
    }
}
