//! Attribute sets: a layout (sorted names with positions, shared between sets of one shape) and an
//! array of values. A small set laid over a large one with `//` keeps both and copies neither.

use std::sync::atomic::{AtomicPtr, Ordering};

use firn_syntax::Symbol;
use rustc_hash::FxHashMap;

use crate::heap::{For, Heap};
use crate::pos::Pos;
use crate::value::{Slot, TAG_ATTRS, Value};

/// A name with the position of its definition.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Key {
    /// The attribute's name.
    pub sym: Symbol,
    /// Where it was defined; nowhere if it was computed.
    pub pos: Pos,
}

/// The names of an attribute set, sorted by symbol number, each once. The keys follow in memory.
#[repr(C)]
pub(crate) struct Layout {
    len: u32,
    /// Whether many sets have this layout (a literal's), so that it pays to remember things of it.
    shared: bool,
    /// Position of the literal.
    pub pos: Pos,
    /// Indexes in alphabetical order, once somebody asked.
    order: AtomicPtr<u32>,
    /// The same names without positions, once somebody asked.
    bare: AtomicPtr<Layout>,
}

const LAYOUT_WORDS: usize = size_of::<Layout>() / 8;
/// Up to this many names a scan is faster than a binary search.
const SCAN: usize = 6;
/// From this many names on, a smaller set is laid over instead of being merged.
const LAYER_FROM: usize = 48;
const MAX_LAYERS: u64 = 6;
/// Merges of shared layouts up to this size are remembered.
const REMEMBER_UP_TO: usize = 512;

static LAYERED: Layout = Layout {
    len: u32::MAX,
    shared: false,
    pos: Pos::NONE,
    order: AtomicPtr::new(std::ptr::null_mut()),
    bare: AtomicPtr::new(std::ptr::null_mut()),
};

impl Layout {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether many sets have this layout.
    #[inline(always)]
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    #[inline(always)]
    pub fn keys(&self) -> &'static [Key] {
        // SAFETY: every layout but LAYERED is made by `alloc`, with `len` keys behind it; LAYERED
        // is never asked (`Attrs::flat_layout`).
        unsafe {
            std::slice::from_raw_parts(
                (self as *const Layout as *const u64).add(LAYOUT_WORDS) as *const Key,
                self.len(),
            )
        }
    }

    /// Index of a name.
    #[inline(always)]
    pub fn find(&self, sym: Symbol) -> Option<usize> {
        let keys = self.keys();
        if keys.len() <= SCAN {
            return keys.iter().position(|k| k.sym == sym);
        }
        let mut base = 0;
        let mut size = keys.len();
        while size > 1 {
            let half = size / 2;
            let middle = base + half;
            base = if keys[middle].sym <= sym { middle } else { base };
            size -= half;
        }
        (keys[base].sym == sym).then_some(base)
    }

    /// A layout of these keys, which must be sorted and without duplicates.
    pub fn alloc(heap: &mut Heap, keys: &[Key], shared: bool, pos: Pos) -> &'static Layout {
        debug_assert!(keys.windows(2).all(|w| w[0].sym < w[1].sym));
        let words = heap.words(For::Layout, LAYOUT_WORDS + keys.len());
        // SAFETY: the words were just allocated, enough for the header and the keys.
        unsafe {
            (words as *mut Layout).write(Layout {
                len: keys.len() as u32,
                shared,
                pos,
                order: AtomicPtr::new(std::ptr::null_mut()),
                bare: AtomicPtr::new(std::ptr::null_mut()),
            });
            let at = words.add(LAYOUT_WORDS) as *mut Key;
            std::ptr::copy_nonoverlapping(keys.as_ptr(), at, keys.len());
            &*(words as *const Layout)
        }
    }

    /// The layout of the same names with no positions.
    pub fn without_positions(&'static self, heap: &mut Heap) -> &'static Layout {
        let known = self.bare.load(Ordering::Acquire);
        // SAFETY: null or a layout in the heap.
        if let Some(known) = unsafe { known.as_ref() } {
            return known;
        }
        let bare = if self.keys().iter().all(|k| k.pos == Pos::NONE) {
            self
        } else {
            let keys: Vec<Key> =
                self.keys().iter().map(|k| Key { sym: k.sym, pos: Pos::NONE }).collect();
            Layout::alloc(heap, &keys, self.shared, Pos::NONE)
        };
        self.bare.store(bare as *const Layout as *mut Layout, Ordering::Release);
        bare
    }

    /// Indexes of the keys in alphabetical order.
    pub fn order(&self, heap: &mut Heap) -> &'static [u32] {
        let known = self.order.load(Ordering::Acquire);
        let at = if known.is_null() {
            let keys = self.keys();
            let mut indexes: Vec<u32> = (0..self.len).collect();
            indexes.sort_unstable_by(|&a, &b| {
                keys[a as usize].sym.bytes().cmp(keys[b as usize].sym.bytes())
            });
            let at = heap.bytes(For::Layout, indexes.len() * 4) as *mut u32;
            // SAFETY: room for `len` numbers was just allocated.
            unsafe { std::ptr::copy_nonoverlapping(indexes.as_ptr(), at, indexes.len()) };
            self.order.store(at, Ordering::Release);
            at
        } else {
            known
        };
        // SAFETY: `order` points to `len` numbers in the heap.
        unsafe { std::slice::from_raw_parts(at, self.len()) }
    }
}

/// Handle of an attribute set.
#[derive(Clone, Copy, PartialEq, Eq)]
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

    fn base(self) -> Attrs {
        Attrs(self.word(1) as *const u64)
    }

    fn top(self) -> Attrs {
        Attrs(self.word(2) as *const u64)
    }

    fn layers(self) -> u64 {
        if self.is_layered() { self.word(3) >> 32 } else { 0 }
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

    fn flat_cache(self) -> Option<Attrs> {
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

    /// The same set without layers.
    pub(crate) fn flat(self, heap: &mut Heap) -> Attrs {
        if !self.is_layered() {
            return self;
        }
        if let Some(flat) = self.flat_cache() {
            return flat;
        }
        let base = self.base().flat(heap);
        let flat = merge(heap, base, self.top());
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

/// What merging two layouts gives.
struct Merge {
    layout: &'static Layout,
    /// Where each value comes from: below the left layout's length from there, else from the right.
    sources: &'static [u32],
}

/// Merges of shared layouts seen so far.
#[derive(Default)]
pub(crate) struct Merges(FxHashMap<(usize, usize), Merge>);

/// `left // right`.
#[inline]
pub(crate) fn update(heap: &mut Heap, merges: &mut Merges, left: Attrs, right: Attrs) -> Attrs {
    if right.is_empty() {
        return left;
    }
    if left.is_empty() {
        return right;
    }
    let (l, r) = (left.len(), right.len());
    if left.is_layered() || (l >= LAYER_FROM && r * 4 <= l) {
        return layer(heap, left, right);
    }
    let right = right.flat(heap);
    let (ll, rl) = (left.layout(), right.layout());
    if ll.shared && rl.shared && l + r <= REMEMBER_UP_TO {
        return remembered_merge(heap, merges, left, right);
    }
    merge(heap, left, right)
}

fn remembered_merge(heap: &mut Heap, merges: &mut Merges, left: Attrs, right: Attrs) -> Attrs {
    let (ll, rl) = (left.layout(), right.layout());
    let key = (ll as *const Layout as usize, rl as *const Layout as usize);
    let known = merges.0.entry(key).or_insert_with(|| plan(heap, ll, rl));
    let result = Attrs::alloc(heap, known.layout);
    let (ls, rs) = (left.flat_slots(), right.flat_slots());
    for (to, &from) in result.flat_slots().iter().zip(known.sources) {
        let from = from as usize;
        let slot = if from < ls.len() { &ls[from] } else { &rs[from - ls.len()] };
        to.set(slot.get());
    }
    result
}

fn plan(heap: &mut Heap, left: &'static Layout, right: &'static Layout) -> Merge {
    let mut keys = Vec::with_capacity(left.len() + right.len());
    let mut sources = Vec::with_capacity(left.len() + right.len());
    walk(left.keys(), right.keys(), |key, source| {
        keys.push(key);
        sources.push(source);
    });
    let layout = Layout::alloc(heap, &keys, true, Pos::NONE);
    let at = heap.bytes(For::Layout, sources.len() * 4) as *mut u32;
    // SAFETY: room for all sources was just allocated.
    let sources = unsafe {
        std::ptr::copy_nonoverlapping(sources.as_ptr(), at, sources.len());
        std::slice::from_raw_parts(at, sources.len())
    };
    Merge { layout, sources }
}

/// Walks two sorted key lists; equal names come from the right.
#[inline(always)]
fn walk(left: &[Key], right: &[Key], mut out: impl FnMut(Key, u32)) {
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        let (a, b) = (left[i], right[j]);
        if a.sym < b.sym {
            out(a, i as u32);
            i += 1;
        } else {
            out(b, (left.len() + j) as u32);
            i += usize::from(a.sym == b.sym);
            j += 1;
        }
    }
    for (k, &key) in left.iter().enumerate().skip(i) {
        out(key, k as u32);
    }
    for (k, &key) in right.iter().enumerate().skip(j) {
        out(key, (left.len() + k) as u32);
    }
}

/// Merges two flat sets into one with its own layout.
fn merge(heap: &mut Heap, left: Attrs, right: Attrs) -> Attrs {
    let (lk, rk) = (left.layout().keys(), right.layout().keys());
    let mut keys = Vec::with_capacity(lk.len() + rk.len());
    let mut values = Vec::with_capacity(lk.len() + rk.len());
    walk(lk, rk, |key, source| {
        keys.push(key);
        let source = source as usize;
        values.push(if source < lk.len() {
            left.slot_at(source).get()
        } else {
            right.slot_at(source - lk.len()).get()
        });
    });
    let layout = Layout::alloc(heap, &keys, false, Pos::NONE);
    let result = Attrs::alloc(heap, layout);
    for (slot, value) in result.flat_slots().iter().zip(values) {
        slot.set(value);
    }
    result
}

/// Lays `right` over `left`; layers that have grown as large as what they lie on are merged, so
/// that n updates copy O(n log n) attributes.
#[cold]
fn layer(heap: &mut Heap, left: Attrs, right: Attrs) -> Attrs {
    let right = right.flat(heap);
    let new = right.layout().keys().iter().filter(|k| left.get(k.sym).is_none()).count();
    let len = left.len() + new;
    let (mut base, mut top) = (left, right);
    while base.is_layered()
        && base.flat_cache().is_none()
        && (base.top().len() <= 2 * top.len() || base.layers() >= MAX_LAYERS)
    {
        top = merge(heap, base.top(), top);
        base = base.base();
    }
    if base.is_layered()
        && let Some(flat) = base.flat_cache()
    {
        base = flat;
    }
    if top.len() * 2 > base.len() {
        let base = base.flat(heap);
        return merge(heap, base, top);
    }
    let words = heap.words(For::Attrs, 5);
    // SAFETY: five words were just allocated; the fifth stays null.
    unsafe {
        *words = &raw const LAYERED as u64;
        *words.add(1) = base.0 as u64;
        *words.add(2) = top.0 as u64;
        *words.add(3) = (base.layers() + 1) << 32 | len as u64;
    }
    Attrs(words)
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

    pub(crate) fn build(mut self, heap: &mut Heap) -> Attrs {
        if !self.entries.is_sorted_by(|a, b| a.0.sym < b.0.sym) {
            self.entries.sort_by_key(|e| e.0.sym);
            self.entries.dedup_by(|later, earlier| later.0.sym == earlier.0.sym);
        }
        let keys: Vec<Key> = self.entries.iter().map(|e| e.0).collect();
        let layout = Layout::alloc(heap, &keys, false, Pos::NONE);
        let set = Attrs::alloc(heap, layout);
        for (slot, (_, value)) in set.flat_slots().iter().zip(&self.entries) {
            slot.set(*value);
        }
        set
    }
}
