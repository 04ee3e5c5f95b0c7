//! Layouts: the names of attribute sets, shared by all sets of one shape.

use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use firn_syntax::Symbol;
use hashbrown::HashTable;

use super::Attrs;
use crate::heap::{For, Heap};
use crate::pos::Pos;
use crate::value::Value;

/// A name with the position of its definition.
#[derive(Clone, Copy, PartialEq, Eq)]
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
    /// Whether many sets have this layout (a literal's, or one that was made a second time), so that
    /// it pays to remember things of it.
    shared: AtomicBool,
    /// Whether it may go when nothing uses it: it is in [`Layouts`]' arena.
    passing: bool,
    /// Whether other layouts refer to it, so that it stays.
    kept: AtomicBool,
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
/// Layouts of more names are not looked for among those known.
const INTERN_UP_TO: usize = 1 << 30;

/// Stands for the layout of a set in layers.
pub(super) static LAYERED: Layout = Layout {
    len: u32::MAX,
    shared: AtomicBool::new(false),
    passing: false,
    kept: AtomicBool::new(false),
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
        self.shared.load(Ordering::Relaxed)
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

    /// Size of the layout in words.
    pub fn words(&self) -> usize {
        LAYOUT_WORDS + self.len()
    }

    /// Where the indexes in alphabetical order are, if somebody asked for them, and their bytes.
    pub fn order_bytes(&self) -> Option<(usize, usize)> {
        let at = self.order.load(Ordering::Acquire);
        (!at.is_null()).then_some((at as usize, self.len() * 4))
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
        Layout::alloc_for(heap, keys, shared, pos, false)
    }

    fn alloc_for(
        heap: &mut Heap,
        keys: &[Key],
        shared: bool,
        pos: Pos,
        passing: bool,
    ) -> &'static Layout {
        debug_assert!(keys.windows(2).all(|w| w[0].sym < w[1].sym));
        let words = heap.words(For::Layout, LAYOUT_WORDS + keys.len());
        // SAFETY: the words were just allocated, enough for the header and the keys.
        unsafe {
            (words as *mut Layout).write(Layout {
                len: keys.len() as u32,
                shared: AtomicBool::new(shared),
                passing,
                kept: AtomicBool::new(false),
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
    pub fn without_positions(&'static self, layouts: &mut Layouts) -> &'static Layout {
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
            layouts.intern(&keys)
        };
        bare.kept.store(true, Ordering::Relaxed);
        self.bare.store(bare as *const Layout as *mut Layout, Ordering::Release);
        bare
    }

    /// Indexes of the keys in alphabetical order.
    pub fn order(&self, layouts: &mut Layouts) -> &'static [u32] {
        if self.len == 0 {
            return &[];
        }
        let known = self.order.load(Ordering::Acquire);
        let at = if known.is_null() {
            let indexes = alphabetical(self.keys());
            let heap = if self.passing { &mut layouts.arena } else { &mut layouts.fixed };
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

/// Indexes of keys in alphabetical order. Most names differ in their first eight bytes, so these are
/// looked at once for each name.
fn alphabetical(keys: &[Key]) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = Vec::with_capacity(keys.len());
    for (key, index) in keys.iter().zip(0..) {
        let bytes = key.sym.bytes();
        let first = match bytes.first_chunk::<8>() {
            Some(first) => u64::from_be_bytes(*first),
            None => bytes.iter().rev().fold(0, |sum, &byte| sum >> 8 | u64::from(byte) << 56),
        };
        order.push((first, index));
    }
    order.sort_unstable_by(|a, b| {
        let rest = || keys[a.1 as usize].sym.bytes().cmp(keys[b.1 as usize].sym.bytes());
        a.0.cmp(&b.0).then_with(rest)
    });
    order.into_iter().map(|(_, index)| index).collect()
}

/// The layouts that were made at run time: sets of the same names from the same places share one.
///
/// They are in an arena of their own. Code remembers them by their addresses, so the place of one that
/// a collection gives back is never used again: only its pages go.
pub(crate) struct Layouts {
    known: HashTable<(u64, &'static Layout)>,
    pub arena: Heap,
    /// What belongs to layouts of code, and stays like them.
    pub fixed: Heap,
    parts: Parts,
}

/// What a set is put together from. Room for it is used again.
#[derive(Default)]
pub(crate) struct Parts {
    /// Sorted by name, each name once.
    pub keys: Vec<Key>,
    /// The values, in the order of the keys.
    pub values: Vec<Value>,
}

impl Parts {
    /// Room for more attributes is given back.
    const MOST: usize = 1 << 12;

    #[inline(always)]
    pub fn push(&mut self, key: Key, value: Value) {
        self.keys.push(key);
        self.values.push(value);
    }
}

impl Default for Layouts {
    fn default() -> Layouts {
        Layouts {
            known: HashTable::new(),
            arena: Heap::small(),
            fixed: Heap::small(),
            parts: Parts::default(),
        }
    }
}

impl Layouts {
    /// The layout of these keys, which must be sorted and without duplicates.
    pub fn intern(&mut self, keys: &[Key]) -> &'static Layout {
        if keys.len() > INTERN_UP_TO {
            return Layout::alloc_for(&mut self.arena, keys, false, Pos::NONE, true);
        }
        let hash = hash(keys);
        let same = |known: &(u64, &'static Layout)| known.0 == hash && known.1.keys() == keys;
        if let Some(&(_, known)) = self.known.find(hash, same) {
            if !known.is_shared() {
                known.shared.store(true, Ordering::Relaxed);
            }
            return known;
        }
        let layout = Layout::alloc_for(&mut self.arena, keys, false, Pos::NONE, true);
        self.known.insert_unique(hash, (hash, layout), |known| known.0);
        layout
    }

    /// Room for the parts of a set of up to so many attributes, empty; [`Layouts::put_back`] takes it back.
    #[inline]
    pub fn room(&mut self, attributes: usize) -> Parts {
        let mut parts = std::mem::take(&mut self.parts);
        parts.keys.reserve(attributes);
        parts.values.reserve(attributes);
        parts
    }

    /// Keeps room for parts until it is asked for again.
    #[inline]
    pub fn put_back(&mut self, mut parts: Parts) {
        if parts.keys.capacity() <= Parts::MOST {
            parts.keys.clear();
            parts.values.clear();
            self.parts = parts;
        }
    }

    /// A set of these parts.
    #[inline]
    pub fn set_of(&mut self, heap: &mut Heap, parts: Parts) -> Attrs {
        let layout = self.intern(&parts.keys);
        let set = Attrs::alloc(heap, layout);
        for (slot, value) in set.flat_slots().iter().zip(&parts.values) {
            slot.set(*value);
        }
        self.put_back(parts);
        set
    }

    /// The layouts that stay although perhaps no set has them.
    pub fn kept(&self) -> impl Iterator<Item = &'static Layout> + '_ {
        self.known.iter().map(|known| known.1).filter(|l| l.kept.load(Ordering::Relaxed))
    }

    /// Forgets the layouts that are not used.
    pub fn retain(&mut self, mut is_used: impl FnMut(&'static Layout) -> bool) {
        self.known.retain(|known| is_used(known.1));
    }

    /// The same, of keys that will come again.
    pub fn intern_shared(&mut self, keys: &[Key]) -> &'static Layout {
        let layout = self.intern(keys);
        layout.shared.store(true, Ordering::Relaxed);
        layout
    }
}

fn hash(keys: &[Key]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = keys.len() as u64;
    for key in keys {
        let word = u64::from(key.sym.as_u32()) << 32 | u64::from(key.pos.0);
        hash = (hash.rotate_left(23) ^ word).wrapping_mul(ODD);
    }
    hash ^ hash >> 32
}
