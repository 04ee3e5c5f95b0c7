//! `left // right`: merged sets, whose plans are remembered by layouts, and sets in layers.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use super::layout::{Key, LAYERED, Layout, Layouts};
use super::{Attrs, Shapes};
use crate::heap::{For, Heap};
use crate::value::{Slot, Value};

/// From this many names on, a smaller set is laid over instead of being merged.
const LAYER_FROM: usize = 48;
const MAX_LAYERS: u64 = 6;
/// From this many names on it pays to look whether the left set has any that the right one lacks.
const LARGE: usize = 1024;
/// Merges of shared layouts up to this size are remembered.
const REMEMBER_UP_TO: usize = 512;

/// What merging two layouts gives.
struct Merge {
    layout: &'static Layout,
    /// Where each value comes from: below the left layout's length from there, else from the right.
    sources: &'static [u32],
}

/// The layouts of two sets, by their addresses.
type Pair = (usize, usize);

/// Merges of shared layouts seen so far. Most come once only, so that a plan is made at the second time.
pub(crate) struct Merges {
    known: FxHashMap<Pair, Merge>,
    /// Of those that came once the last ones, each where its addresses say.
    once: Box<[Pair]>,
}

/// How many merges that came once are noted.
const ONCE: usize = 4096;

impl Default for Merges {
    fn default() -> Merges {
        Merges { known: FxHashMap::default(), once: vec![(0, 0); ONCE].into() }
    }
}

/// Whether a merge is not among those that came once; then it is from now on.
fn comes_first(once: &mut [Pair], pair: Pair) -> bool {
    let noted = &mut once[(pair.0 >> 3 ^ pair.1 >> 5 ^ pair.1 >> 16) % ONCE];
    std::mem::replace(noted, pair) != pair
}

impl Merges {
    /// Keeps the merges of which all layouts are used, and calls `keep` with the address and the
    /// number of bytes of what belongs to each.
    pub fn retain(&mut self, is_used: impl Fn(usize) -> bool, mut keep: impl FnMut(usize, usize)) {
        // Addresses of layouts are never used for others, so what came once may stay.
        self.known.retain(|&(left, right), merge| {
            let result = merge.layout as *const Layout as usize;
            let used = is_used(left) && is_used(right) && is_used(result);
            if used {
                keep(merge.sources.as_ptr() as usize, size_of_val(merge.sources));
            }
            used
        });
    }
}

/// `left // right`.
#[inline]
pub(crate) fn update(heap: &mut Heap, shapes: &mut Shapes, left: Attrs, right: Attrs) -> Attrs {
    if right.is_empty() {
        return left;
    }
    if left.is_empty() {
        return right;
    }
    let (l, r) = (left.len(), right.len());
    if r >= LAYER_FROM && (l * 4 <= r || (r >= LARGE && l < r * 4)) {
        return underlay(heap, &mut shapes.layouts, left, right);
    }
    if left.is_layered() || (l >= LAYER_FROM && r * 4 <= l) {
        return layer(heap, &mut shapes.layouts, left, right);
    }
    let right = right.flat(heap, &mut shapes.layouts);
    let (ll, rl) = (left.layout(), right.layout());
    if ll.is_shared() && rl.is_shared() && l + r <= REMEMBER_UP_TO {
        return remembered_merge(heap, shapes, left, right);
    }
    merge(heap, &mut shapes.layouts, left, right)
}

fn remembered_merge(heap: &mut Heap, shapes: &mut Shapes, left: Attrs, right: Attrs) -> Attrs {
    let (ll, rl) = (left.layout(), right.layout());
    let key = (ll as *const Layout as usize, rl as *const Layout as usize);
    let layouts = &mut shapes.layouts;
    let merges = &mut shapes.merges;
    let known = match merges.known.entry(key) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(_) if comes_first(&mut merges.once, key) => {
            return merge(heap, layouts, left, right);
        }
        Entry::Vacant(place) => place.insert(plan(layouts, ll, rl)),
    };
    let result = Attrs::alloc(heap, known.layout);
    let (ls, rs) = (left.flat_slots(), right.flat_slots());
    for (to, &from) in result.flat_slots().iter().zip(known.sources) {
        let from = from as usize;
        let slot = if from < ls.len() { &ls[from] } else { &rs[from - ls.len()] };
        to.set(slot.get());
    }
    result
}

fn plan(layouts: &mut Layouts, left: &'static Layout, right: &'static Layout) -> Merge {
    let mut keys = Vec::with_capacity(left.len() + right.len());
    let mut sources = Vec::with_capacity(left.len() + right.len());
    walk(left.keys(), right.keys(), |key, source| {
        keys.push(key);
        sources.push(source);
    });
    let layout = layouts.intern_shared(&keys);
    let at = layouts.arena.bytes(For::Layout, sources.len() * 4) as *mut u32;
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

/// Merges two flat sets.
fn merge(heap: &mut Heap, layouts: &mut Layouts, left: Attrs, right: Attrs) -> Attrs {
    let (lk, rk) = (left.layout().keys(), right.layout().keys());
    let mut parts = layouts.room(lk.len() + rk.len());
    walk(lk, rk, |key, source| {
        let source = source as usize;
        let value = if source < lk.len() {
            left.slot_at(source).get()
        } else {
            right.slot_at(source - lk.len()).get()
        };
        parts.push(key, value);
    });
    layouts.set_of(heap, parts)
}

/// A flat set of these values.
fn filled(heap: &mut Heap, layout: &'static Layout, values: &[Value]) -> Attrs {
    let result = Attrs::alloc(heap, layout);
    for (slot, value) in result.flat_slots().iter().zip(values) {
        slot.set(*value);
    }
    result
}

/// All layers of a set as one; what lies between is not kept.
pub(super) fn flatten(heap: &mut Heap, layouts: &mut Layouts, set: Attrs) -> Attrs {
    let mut tops = Vec::new();
    let mut base = set;
    while base.is_layered() {
        match base.flat_cache() {
            Some(flat) => base = flat,
            None => {
                tops.push(base.top());
                base = base.base();
            }
        }
    }
    let mut keys = base.layout().keys().to_vec();
    let mut values: Vec<Value> = base.flat_slots().iter().map(|slot| slot.get()).collect();
    for top in tops.into_iter().rev() {
        let (old_keys, old_values) = (std::mem::take(&mut keys), std::mem::take(&mut values));
        let room = old_keys.len() + top.len();
        (keys, values) = (Vec::with_capacity(room), Vec::with_capacity(room));
        walk(&old_keys, top.layout().keys(), |key, source| {
            let source = source as usize;
            keys.push(key);
            values.push(match old_values.get(source) {
                Some(&value) => value,
                None => top.slot_at(source - old_values.len()).get(),
            });
        });
    }
    let layout = layouts.intern(&keys);
    filled(heap, layout, &values)
}

/// Calls `each` with what of a flat set another one lacks.
#[inline(always)]
fn each_missing(set: Attrs, other: Attrs, mut each: impl FnMut(Key, &'static Slot)) {
    let ours = set.layout().keys().iter().zip(set.flat_slots());
    // A search costs about as much as a step over so many names.
    const STEPS: usize = 16;
    if other.is_layered() || set.len() * STEPS <= other.len() {
        for (key, slot) in ours {
            if other.get(key.sym).is_none() {
                each(*key, slot);
            }
        }
        return;
    }
    let mut others = other.layout().keys();
    for (key, slot) in ours {
        let before = others.iter().position(|other| other.sym >= key.sym);
        others = &others[before.unwrap_or(others.len())..];
        if others.first().is_none_or(|other| other.sym != key.sym) {
            each(*key, slot);
        }
    }
}

/// Puts a set under a large one: of what it holds, the part that the large one lacks lies above.
#[cold]
fn underlay(heap: &mut Heap, layouts: &mut Layouts, left: Attrs, right: Attrs) -> Attrs {
    let left = left.flat(heap, layouts);
    let right = if left.len() * 8 > right.len() { right.flat(heap, layouts) } else { right };
    let (mut keys, mut values) = (Vec::new(), Vec::new());
    each_missing(left, right, |key, slot| {
        keys.push(key);
        values.push(slot.get());
    });
    if keys.is_empty() {
        return right;
    }
    let layout = layouts.intern(&keys);
    let rest = filled(heap, layout, &values);
    layer(heap, layouts, right, rest)
}

/// Lays `right` over `left`; layers that have grown as large as what they lie on are merged, so
/// that n updates copy O(n log n) attributes.
#[cold]
fn layer(heap: &mut Heap, layouts: &mut Layouts, left: Attrs, right: Attrs) -> Attrs {
    let right = right.flat(heap, layouts);
    let mut new = 0;
    each_missing(right, left, |_, _| new += 1);
    let len = left.len() + new;
    let (mut base, mut top) = (left, right);
    while base.is_layered()
        && base.flat_cache().is_none()
        && (base.top().len() <= 2 * top.len() || base.layers() >= MAX_LAYERS)
    {
        top = merge(heap, layouts, base.top(), top);
        base = base.base();
    }
    if base.is_layered()
        && let Some(flat) = base.flat_cache()
    {
        base = flat;
    }
    if top.len() * 2 > base.len() {
        let base = base.flat(heap, layouts);
        return merge(heap, layouts, base, top);
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
