//! Places that hold value words: slots of environments, sets and lists, and what may stand in one
//! before its value is known.
//!
//! A word with tag 0 is something still to be computed. Its upper 16 bits tell which of three it is:
//!
//! - 0: the address of a thunk object on the heap.
//! - `REFERENCE`: the address of a slot where an expression waits. This is how such a slot's content
//!   is handed on; forcing it fills the slot.
//! - anything else, and only inside slots: an expression that waits *in the slot itself*, without an
//!   object of its own. The upper bits are the slot's index, by which its environment is found:
//!   slots of an environment wait for expressions of that environment; a set made by a literal has
//!   its environment in the word before it, and so has a call's, for its arguments, the caller's. Address 0 means that it is being evaluated.
//!
//! Invariant (V2): words of the third kind never leave their slot; [`Slot::get`] makes a reference.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::code::Node;
use crate::value::{TAG_MASK, TAG_THUNK, Value};

/// Upper bits of a word that refers to a slot.
const REFERENCE: u64 = 0xffff;
const KIND_SHIFT: u32 = 48;
const ADDRESS: u64 = (1 << KIND_SHIFT) - 1;
/// In a waiting word: the environment is before the slots. (User addresses on all supported systems are below 2⁴⁷.)
const BEFORE: u64 = 1 << 47;
/// Slots beyond this index hold thunks.
pub(crate) const MOST_WAITING: usize = 0xfff0;

/// A place that holds a value word, or nothing yet.
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    /// The value; thunks already computed are read through.
    ///
    /// # Panics
    /// Never: slots that the API hands out are filled.
    #[inline(always)]
    pub fn get(&self) -> Value {
        let word = self.word();
        let word = if is_waiting(word) { self.reference() } else { word };
        // SAFETY: slots reachable from lists and attribute sets are filled when the object is made.
        unsafe { Value::from_word(word) }
    }

    /// The value, if it is in the slot itself.
    #[inline(always)]
    pub(crate) fn plain(&self) -> Option<Value> {
        let word = self.word();
        // SAFETY: a word with another tag is a value.
        (word & TAG_MASK != TAG_THUNK).then(|| unsafe { Value::from_word(word) })
    }

    /// The value, if it is computed.
    #[inline(always)]
    pub(crate) fn known_at_once(&self) -> Option<Value> {
        if let Some(value) = self.plain() {
            return Some(value);
        }
        let word = self.word();
        if word == 0 || is_waiting(word) {
            return None;
        }
        // SAFETY: neither empty nor waiting: a thunk's address or a reference.
        known(unsafe { Value::from_word(word) })
    }

    /// A word that refers to this slot.
    #[inline(always)]
    fn reference(&self) -> u64 {
        REFERENCE << KIND_SHIFT | self as *const Slot as u64
    }

    #[inline(always)]
    pub(crate) fn word(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn set(&self, value: Value) {
        self.set_word(value.word());
    }

    #[inline(always)]
    pub(crate) fn set_word(&self, word: u64) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Lets an expression of the environment that this slot belongs to wait here.
    #[inline(always)]
    pub(crate) fn wait(&self, index: usize, node: &'static Node) {
        debug_assert!((1..=MOST_WAITING).contains(&index));
        self.set_word((index as u64) << KIND_SHIFT | node as *const Node as u64);
    }

    /// Lets an expression wait here whose environment is in the word before the set or environment.
    #[inline(always)]
    pub(crate) fn wait_for(&self, index: usize, node: &'static Node) {
        debug_assert!((1..=MOST_WAITING).contains(&index));
        self.set_word((index as u64) << KIND_SHIFT | BEFORE | node as *const Node as u64);
    }
}

/// Whether a word is an expression that waits in its slot.
#[inline(always)]
pub(crate) fn is_waiting(word: u64) -> bool {
    word & TAG_MASK == TAG_THUNK && (word >> KIND_SHIFT).wrapping_sub(1) < REFERENCE - 1
}

/// What a slot that was referred to holds now.
pub(crate) enum Waiting {
    /// A value, or a thunk with an object.
    Moved(Value),
    /// An expression, its environment, and the word that says both.
    Expression(&'static Node, Env, u64),
    /// Its evaluation has begun.
    Running,
}

/// The slot behind a value with tag 0, if it is a reference.
#[inline(always)]
pub(crate) fn referred(value: Value) -> Option<&'static Slot> {
    let word = value.word();
    debug_assert!(!is_waiting(word), "V2");
    // SAFETY: slots that were referred to live as long as the machine (V1): environments whose slots
    // are referred to are kept (`Env::keep`), sets always are.
    (word >> KIND_SHIFT == REFERENCE && word & TAG_MASK == TAG_THUNK)
        .then(|| unsafe { &*((word & ADDRESS) as *const Slot) })
}

impl Slot {
    /// What waits here.
    #[inline(always)]
    pub(crate) fn waiting(&'static self) -> Waiting {
        let word = self.word();
        if !is_waiting(word) {
            // SAFETY: the slot was filled when somebody referred to it.
            return Waiting::Moved(unsafe { Value::from_word(word) });
        }
        let node = word & ADDRESS & !BEFORE;
        if node == 0 {
            return Waiting::Running;
        }
        let index = (word >> KIND_SHIFT) as usize;
        // SAFETY: the slot has this index in its environment or set; the bit says that there is an
        // environment's address before it.
        unsafe {
            let start = (self as *const Slot).sub(index);
            let env = if word & BEFORE == 0 {
                Env(start)
            } else {
                Env((*start.sub(1)).word() as *const Slot)
            };
            Waiting::Expression(&*(node as *const Node), env, word)
        }
    }

    /// Of a slot in which something waits: the start of its environment or set, and whether the
    /// environment is in the word before that. Nothing while it is being evaluated.
    pub(crate) fn waiting_in(&self) -> Option<(*const Slot, bool)> {
        let word = self.word();
        debug_assert!(is_waiting(word));
        if word & ADDRESS & !BEFORE == 0 {
            return None;
        }
        let start = (self as *const Slot).wrapping_sub((word >> KIND_SHIFT) as usize);
        Some((start, word & BEFORE != 0))
    }

    /// The index of this slot, in which an evaluation runs.
    #[inline(always)]
    pub(crate) fn running_index(&self) -> usize {
        (self.word() >> KIND_SHIFT) as usize
    }

    /// Marks what waits here as running.
    #[inline(always)]
    pub(crate) fn set_running(&self, word: u64) {
        self.set_word(word & !ADDRESS);
    }
}

/// The result behind a word with tag 0, if it is there already.
#[inline]
pub(crate) fn known(value: Value) -> Option<Value> {
    let mut value = value;
    while value.is_thunk() {
        value = match referred(value) {
            Some(slot) => match slot.waiting() {
                Waiting::Moved(value) => value,
                _ => return None,
            },
            None => return Thunk(value.object(TAG_THUNK)).known(),
        };
    }
    Some(value)
}

/// An environment: the parent's address, then slots. In the first word, bit 0 is set when something on
/// the heap refers to the environment, and bit 1 when the environment of the call's arguments is in
/// the word before it; the upper 16 bits are the number of slots.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Env(pub *const Slot);

const KEPT: u64 = 1;
const HAS_CALLER: u64 = 2;
const FLAGS: u64 = TAG_MASK;
/// Stands for so many slots and for more.
pub(crate) const HUGE: usize = 0xffff;

static NO_ENVIRONMENT: Slot = Slot(AtomicU64::new(KEPT));

impl Env {
    /// Addresses have no more bits.
    pub const ADDRESS_BITS: u32 = KIND_SHIFT;

    pub const EMPTY: Env = Env(&raw const NO_ENVIRONMENT);

    /// The environment `depth` steps out.
    #[inline(always)]
    pub fn up(self, depth: u32) -> Env {
        let mut env = self;
        for _ in 0..depth {
            env = env.parent();
        }
        env
    }

    #[inline(always)]
    pub fn parent(self) -> Env {
        // SAFETY: the compiler counted the environments between use and definition.
        Env((unsafe { (*self.0).word() } & ADDRESS & !FLAGS) as *const Slot)
    }

    /// The slot with this index, counted from 1 (0 is the parent).
    #[inline(always)]
    pub fn slot(self, index: usize) -> &'static Slot {
        // SAFETY: the compiler laid out the environment and gave out the index.
        unsafe { &*self.0.add(index) }
    }

    /// Writes the first word of an environment with this many slots.
    #[inline(always)]
    pub fn begin(self, parent: Env, slots: usize) {
        self.slot(0).set_word(parent.0 as u64 | Env::count_word(slots));
    }

    #[inline(always)]
    fn count_word(slots: usize) -> u64 {
        (slots.min(HUGE) as u64) << KIND_SHIFT
    }

    /// Number of slots; none if it is [`HUGE`] or more, and the machine knows it.
    pub fn slots(self) -> Option<usize> {
        let slots = (self.slot(0).word() >> KIND_SHIFT) as usize;
        (slots != HUGE).then_some(slots)
    }

    /// Writes the first word of an environment that has a word before it, and `caller` there: what
    /// waits in its slots belongs to that environment.
    #[inline(always)]
    pub fn begin_call(self, parent: Env, slots: usize, caller: Env) {
        self.slot(0).set_word(parent.0 as u64 | HAS_CALLER | Env::count_word(slots));
        // SAFETY: the caller's promise: there is a word before this one.
        unsafe { (*self.0.sub(1)).set_word(caller.0 as u64) };
    }

    /// Whether there is the environment of a call's arguments before this one.
    #[inline(always)]
    pub fn has_caller(self) -> bool {
        self.slot(0).word() & HAS_CALLER != 0
    }

    /// Whether something on the heap refers to this environment.
    #[inline(always)]
    pub fn is_kept(self) -> bool {
        self.slot(0).word() & KEPT != 0
    }

    /// Notes that something on the heap refers to this environment, and so to those around it.
    #[inline(always)]
    pub fn keep(self) {
        if !self.is_kept() {
            self.keep_all();
        }
    }

    /// Keeps this environment, those around it, and those that arguments in them wait for.
    #[inline(never)]
    fn keep_all(self) {
        let mut env = self;
        while !env.is_kept() {
            if env.has_caller() {
                return env.keep_callers();
            }
            let first = env.slot(0);
            first.set_word(first.word() | KEPT);
            env = env.parent();
        }
    }

    /// The same of an environment that is not kept yet.
    #[inline(never)]
    fn keep_callers(self) {
        let mut left = Left::default();
        let mut env = self;
        loop {
            let first = env.slot(0);
            first.set_word(first.word() | KEPT);
            if env.has_caller() {
                // SAFETY: the flag says that an environment's address is in the word before.
                let caller = Env(unsafe { (*env.0.sub(1)).word() } as *const Slot);
                if !caller.is_kept() {
                    left.push(caller);
                }
            }
            env = env.parent();
            while env.is_kept() {
                match left.pop() {
                    Some(next) => env = next,
                    None => return,
                }
            }
        }
    }
}

/// Environments still to be kept. There are few as a rule.
struct Left {
    few: [Env; Left::FEW],
    count: usize,
    more: Vec<Env>,
}

impl Default for Left {
    fn default() -> Left {
        Left { few: [Env::EMPTY; Left::FEW], count: 0, more: Vec::new() }
    }
}

impl Left {
    const FEW: usize = 4;

    #[inline(always)]
    fn push(&mut self, env: Env) {
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = env;
                self.count += 1;
            }
            None => self.more.push(env),
        }
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Env> {
        if let Some(env) = self.more.pop() {
            return Some(env);
        }
        self.count = self.count.checked_sub(1)?;
        Some(self.few[self.count])
    }
}

/// Handle of a thunk object.
#[derive(Clone, Copy)]
pub(crate) struct Thunk(pub *const u64);

pub(crate) const THUNK_DONE: u64 = 0;
pub(crate) const THUNK_NODE: u64 = 0;
pub(crate) const THUNK_APP: u64 = 1;
/// Beside [`THUNK_APP`]: the function's place is not shown as the call's.
pub(crate) const THUNK_APP_UNPLACED: u64 = 8;
pub(crate) const THUNK_NATIVE: u64 = 2;
/// Evaluation failed; the number of the error is above the tag.
pub(crate) const THUNK_FAILED: u64 = 3;
pub(crate) const THUNK_BLACKHOLE: u64 = 7;

impl Thunk {
    #[inline(always)]
    pub fn state(self) -> &'static AtomicU64 {
        // SAFETY: V1; a thunk has at least two words, the first is its state.
        unsafe { &*(self.0 as *const AtomicU64) }
    }

    /// The word after the state and those that follow it.
    #[inline(always)]
    pub fn field(self, index: usize) -> &'static Slot {
        // SAFETY: V1; the callers know by the state how many words there are.
        unsafe { &*(self.0.add(1 + index) as *const Slot) }
    }

    /// The result, if it was computed already.
    #[inline(always)]
    pub fn known(self) -> Option<Value> {
        if self.state().load(Ordering::Acquire) == THUNK_DONE {
            Some(self.field(0).get())
        } else {
            None
        }
    }
}
