//! Attribute sets: a layout (sorted names with positions, shared between sets of one shape) and an
//! array of values. A small set laid over a large one with `//` keeps both and copies neither.

mod layout;
mod update;

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use firn_syntax::Symbol;

use crate::heap::{For, Heap};
use crate::pos::Pos;
use crate::value::{Env, Slot, TAG_ATTRS, Value};

pub(crate) use layout::{Key, Layout, Layouts, Parts};
pub(crate) use update::update;

use layout::LAYERED;

/// In the fourth word of a layered set: the length, the number of layers, and above this bit how
/// often it was asked for a name.
const QUESTIONS_SHIFT: u32 = 40;
const ONE_QUESTION: u64 = 1 << QUESTIONS_SHIFT;
/// Making a set flat costs about as much as a question for every so many names.
const NAMES_PER_QUESTION: usize = 32;

/// What is known of the shapes of sets: layouts made at run time, and what merging two gives.
#[derive(Default)]
pub(crate) struct Shapes {
    pub layouts: Layouts,
    pub(crate) merges: update::Merges,
}

/// Handle of an attribute set.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attrs(pub(crate) *const u64);

/// One attribute: its name, where it was defined, and its slot.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name.
    pub sym: Symbol,
    /// Position of the definition.
    pub pos: Pos,
    /// The value, perhaps a thunk.
    pub slot: &'static Slot,
}

impl Entry {
    /// The value, not forced.
    #[inline(always)]
    pub fn value(&self) -> Value {
        self.slot.get()
    }
}

impl Attrs {
    #[inline(always)]
    pub(crate) fn layout(self) -> &'static Layout {
        // SAFETY: the first word of an attribute set is its layout's address (V1).
        unsafe { &*(*self.0 as *const Layout) }
    }

    #[inline(always)]
    pub(crate) fn is_layered(self) -> bool {
        std::ptr::eq(self.layout(), &LAYERED)
    }

    #[inline(always)]
    fn word(self, index: usize) -> u64 {
        // SAFETY: callers stay within the object: 5 words if layered, 1 + len if flat.
        unsafe { *self.0.add(index) }
    }

    pub(crate) fn base(self) -> Attrs {
        Attrs(self.word(1) as *const u64)
    }

    pub(crate) fn top(self) -> Attrs {
        Attrs(self.word(2) as *const u64)
    }

    fn layers(self) -> u64 {
        if self.is_layered() { self.word(3) >> 32 & 0xff } else { 0 }
    }

    /// The slot at an index of the layout, of a flat set.
    #[inline(always)]
    pub(crate) fn slot_at(self, index: usize) -> &'static Slot {
        // SAFETY: a flat set has one slot per key behind the layout's address.
        unsafe { &*(self.0.add(1 + index) as *const Slot) }
    }

    /// All slots of a flat set.
    #[inline(always)]
    pub(crate) fn flat_slots(self) -> &'static [Slot] {
        // SAFETY: as for `slot_at`.
        unsafe { std::slice::from_raw_parts(self.0.add(1) as *const Slot, self.layout().len()) }
    }

    /// Number of attributes.
    #[inline(always)]
    pub fn len(self) -> usize {
        if self.is_layered() { self.word(3) as u32 as usize } else { self.layout().len() }
    }

    /// Whether there is no attribute.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The slot of an attribute.
    #[inline(always)]
    pub fn get(self, sym: Symbol) -> Option<&'static Slot> {
        let layout = self.layout();
        if std::ptr::eq(layout, &LAYERED) {
            return self.get_layered(sym).map(|e| e.slot);
        }
        layout.find(sym).map(|i| self.slot_at(i))
    }

    /// The slot of a name in a set whose slots are still being filled.
    pub(crate) fn get_unfilled(self, sym: Symbol) -> Option<&'static Slot> {
        self.layout().find(sym).map(|i| self.slot_at(i))
    }

    /// An attribute with its position.
    pub fn entry(self, sym: Symbol) -> Option<Entry> {
        if self.is_layered() {
            return self.get_layered(sym);
        }
        let layout = self.layout();
        layout.find(sym).map(|i| Entry { sym, pos: layout.keys()[i].pos, slot: self.slot_at(i) })
    }

    #[inline(never)]
    fn get_layered(self, sym: Symbol) -> Option<Entry> {
        let mut set = self;
        while set.is_layered() {
            let flat = set.flat_cache();
            if let Some(flat) = flat {
                return flat.entry(sym);
            }
            if let Some(found) = set.top().entry(sym) {
                return Some(found);
            }
            set = set.base();
        }
        set.entry(sym)
    }

    /// The same set, flat if it is asked for names so often that this pays.
    #[inline(never)]
    pub(crate) fn settled(self, heap: &mut Heap, layouts: &mut Layouts) -> Attrs {
        if let Some(flat) = self.flat_cache() {
            return flat;
        }
        // SAFETY: the fourth word of a layered set holds the count of questions above the rest.
        let counter = unsafe { &*(self.0.add(3) as *const AtomicU64) };
        let word = counter.load(Ordering::Relaxed) + ONE_QUESTION;
        counter.store(word, Ordering::Relaxed);
        if word >> QUESTIONS_SHIFT > (self.len() / NAMES_PER_QUESTION) as u64 {
            self.flat(heap, layouts)
        } else {
            self
        }
    }

    /// The set without layers, if it has none or was made flat already.
    #[inline(always)]
    pub(crate) fn flat_already(self) -> Option<Attrs> {
        if self.is_layered() { self.flat_cache() } else { Some(self) }
    }

    pub(crate) fn flat_cache(self) -> Option<Attrs> {
        // SAFETY: the fifth word of a layered set is null or the same set, flat.
        let flat = unsafe { (*(self.0.add(4) as *const AtomicPtr<u64>)).load(Ordering::Acquire) };
        (!flat.is_null()).then_some(Attrs(flat))
    }

    /// As a value.
    #[inline(always)]
    pub fn value(self) -> Value {
        Value::from_object(self.0, TAG_ATTRS)
    }

    /// A flat set with this layout, all slots still empty: fill them at once.
    #[inline(always)]
    pub(crate) fn alloc(heap: &mut Heap, layout: &'static Layout) -> Attrs {
        let words = heap.words(For::Attrs, 1 + layout.len());
        // SAFETY: just allocated.
        unsafe { *words = layout as *const Layout as u64 };
        Attrs(words)
    }

    /// The same with room for an environment, in which values of the set may wait.
    #[inline(always)]
    pub(crate) fn alloc_in(heap: &mut Heap, layout: &'static Layout, env: Env) -> Attrs {
        let words = heap.words(For::Attrs, 2 + layout.len());
        // SAFETY: just allocated.
        unsafe {
            *words = env.0 as u64;
            *words.add(1) = layout as *const Layout as u64;
            Attrs(words.add(1))
        }
    }

    /// The same set without layers.
    #[inline(always)]
    pub(crate) fn flat(self, heap: &mut Heap, layouts: &mut Layouts) -> Attrs {
        if self.is_layered() { self.flattened(heap, layouts) } else { self }
    }

    #[inline(never)]
    fn flattened(self, heap: &mut Heap, layouts: &mut Layouts) -> Attrs {
        if let Some(flat) = self.flat_cache() {
            return flat;
        }
        let flat = update::flatten(heap, layouts, self);
        // SAFETY: as in `flat_cache`.
        unsafe {
            (*(self.0.add(4) as *const AtomicPtr<u64>)).store(flat.0 as *mut u64, Ordering::Release)
        };
        flat
    }
}

/// A flat set, ready to iterate.
#[derive(Clone, Copy)]
pub struct FlatAttrs {
    pub(crate) layout: &'static Layout,
    pub(crate) slots: &'static [Slot],
}

impl FlatAttrs {
    /// The attributes in the order of symbol numbers.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Entry> {
        self.layout.keys().iter().zip(self.slots).map(|(k, slot)| Entry {
            sym: k.sym,
            pos: k.pos,
            slot,
        })
    }
}

/// Builds a set from attributes in any order.
#[derive(Default)]
pub struct AttrsBuilder {
    entries: Vec<(Key, Value)>,
}

impl AttrsBuilder {
    /// Room for `capacity` attributes.
    pub fn with_capacity(capacity: usize) -> AttrsBuilder {
        AttrsBuilder { entries: Vec::with_capacity(capacity) }
    }

    /// Adds an attribute without position. Of two with one name, the first stays.
    pub fn insert(&mut self, sym: Symbol, value: Value) {
        self.insert_at(sym, Pos::NONE, value);
    }

    /// Adds an attribute with its position. Of two with one name, the first stays.
    pub fn insert_at(&mut self, sym: Symbol, pos: Pos, value: Value) {
        self.entries.push((Key { sym, pos }, value));
    }

    /// Number of attributes added.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none was added.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn build(mut self, heap: &mut Heap, layouts: &mut Layouts) -> Attrs {
        if !self.entries.is_sorted_by(|a, b| a.0.sym < b.0.sym) {
            self.entries.sort_by_key(|e| e.0.sym);
            self.entries.dedup_by(|later, earlier| later.0.sym == earlier.0.sym);
        }
        let keys: Vec<Key> = self.entries.iter().map(|e| e.0).collect();
        let layout = layouts.intern(&keys);
        let set = Attrs::alloc(heap, layout);
        for (slot, (_, value)) in set.flat_slots().iter().zip(&self.entries) {
            slot.set(*value);
        }
        set
    }
}
