//! Giving memory back between evaluations: for machines that live long, such as a prompt's.
//!
//! A collection runs when no evaluation does, so everything that is used can be found from the
//! machine's tables and the values that the caller names. It marks words: each arena's chunk has a
//! bit for every word, and what is reached sets the bits of exactly the words that it needs (of a
//! string that shares a long one's bytes, these bytes). Nothing moves; chunks without a mark go back
//! to the system, and unmarked parts of the others are filled again. A batch run never collects, and
//! pays for the possibility with the number of slots in an environment's first word.
//!
//! Invariants (beside V1):
//! - (C1) No evaluation runs: no thunk and no slot is marked as running. Where one is found, something
//!   is wrong; then nothing is swept, now or later.
//! - (C2) Whatever is not in the heap and refers into it is found from [`Machine::mark_tables`]:
//!   constants of code ([`Machine::pinned`]), globals, imports, strings of names. Code is in an arena
//!   of its own that is never swept; no Rust value outlives an evaluation with a [`Value`] in it.
//!   Of layouts, in an arena of their own, the pages go and the addresses stay, since code remembers
//!   layouts by address; what is read through such an address is reached from a set, or is `kept`.
//! - (C3) Environments that the heap refers to have the flag `KEPT`, so nobody looks for those of
//!   their callers (`Env::keep`) but expressions that wait for them; the others are free.
//! - (C4) A marked slot's content is traced; a marked first word of an object means that the object
//!   is, or is about to be.

use super::Machine;
use crate::attrs::{Attrs, Layout};
use crate::code::Lambda;
use crate::value::*;

/// Size of the heap in bytes from which the first collection pays.
pub(super) const FIRST: usize = 64 << 20;
/// Stands in its place after a collection that found what can't be.
const NEVER: usize = usize::MAX;
const WORD: usize = size_of::<u64>();
/// As many as the bits of a [`Machine::scope_key`] tell apart: a key with this number is never stored.
pub(super) const MOST_COLLECTIONS: u64 = 0xffff;

impl Machine {
    /// Gives memory back, if the heap has grown so much since the last time that this pays; always in
    /// debug builds, so that mistakes show.
    /// Only `roots` may be used afterwards, and what is reached from them: see
    /// [`Machine::collect`].
    pub fn collect_if_grown(&mut self, roots: &[Value]) {
        if self.heap.size() >= self.collect_from || cfg!(debug_assertions) {
            self.collect(roots);
            if self.collect_from != NEVER {
                self.collect_from = FIRST.max(self.heap.size() * 2);
            }
        }
    }

    /// Gives all memory back that is not reached from `roots` or from what was imported. To be called
    /// when no evaluation runs. A machine with a debugger keeps everything: it may be stopped anywhere.
    ///
    /// Values, sets and strings that the caller keeps and that are not reached from `roots` must not
    /// be used any more.
    pub fn collect(&mut self, roots: &[Value]) {
        let stopped = self.depth != 0 || self.error.is_some() || self.debug.is_some();
        if stopped || self.collect_from == NEVER {
            return;
        }
        let mut marker = Marker::new(self);
        self.mark_tables(&mut marker);
        for &root in roots {
            marker.value(root);
        }
        marker.run();
        if marker.lost {
            self.collect_from = NEVER;
            return;
        }
        self.sweep(marker);
    }

    /// Marks what is used by others than the caller (C2).
    fn mark_tables(&self, marker: &mut Marker) {
        let tables = self.globals.values().chain(self.imports.values()).chain(&self.pinned);
        for &value in tables {
            marker.value(value);
        }
        for &value in self.symbol_strings.iter().chain(self.char_strings.iter()).flatten() {
            marker.value(value);
        }
        for layout in self.shapes.layouts.kept() {
            marker.layout(layout);
        }
        for value in
            [self.builtins.value(), self.empty_attrs.value(), self.empty_list, self.empty_string]
        {
            marker.value(value);
        }
    }

    fn sweep(&mut self, mut marker: Marker) {
        self.sweep_layouts(&mut marker);
        self.heap.forget_ends();
        self.collections = MOST_COLLECTIONS.min(self.collections + 1);
        self.compared = Default::default();
        self.spare = Default::default();
        self.huge_envs.retain(|(env, _)| marker.is_marked(env.0 as usize));
        // Names are remembered by where strings were.
        self.recent_names = crate::strings::recent_names();
        self.recalls.iter_mut().for_each(crate::ops::recall::Recall::forget);
        self.adopted.retain(|bytes| {
            let range = bytes.as_ptr_range();
            let from = marker.outside.partition_point(|&at| at < range.start as usize);
            marker.outside.get(from).is_some_and(|&at| at < range.end as usize)
        });
        for region in marker.regions.iter().filter(|region| region.what == Arena::Values) {
            let start = region.start as *mut u8;
            if region.bits.iter().all(|&bits| bits == 0) {
                // SAFETY: nothing in the chunk was reached (C2).
                unsafe { self.heap.give_back(start) };
                continue;
            }
            region.holes(|first, words| {
                // SAFETY: none of these words was reached (C2).
                unsafe { self.heap.reuse(start.add(first * WORD), words * WORD) };
            });
        }
    }
}

impl Machine {
    fn sweep_layouts(&mut self, marker: &mut Marker) {
        let shapes = &mut self.shapes;
        shapes.layouts.retain(|layout| marker.is_used(layout as *const Layout as usize));
        let mut kept = Vec::new();
        shapes.merges.retain(|at| marker.is_used(at), |at, bytes| kept.push((at, bytes)));
        for (at, bytes) in kept {
            marker.bytes(at, bytes);
        }
        let arena = &mut shapes.layouts.arena;
        arena.forget_dropped();
        for region in marker.regions.iter().filter(|region| region.what == Arena::Layouts) {
            region.holes(|first, words| {
                let start = (region.start + first * WORD) as *mut u8;
                // SAFETY: no set has a layout in there, and no table leads there any more (C2).
                unsafe { arena.drop_pages(start, words * WORD) };
            });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arena {
    Values,
    Layouts,
    /// Never swept.
    Code,
}

/// A chunk of an arena, with a bit for each word that is used.
struct Region {
    start: usize,
    end: usize,
    bits: Vec<u64>,
    what: Arena,
}

impl Region {
    /// Sets the bit of a word; whether it was not set before.
    #[inline(always)]
    fn mark(&mut self, address: usize) -> bool {
        let index = (address - self.start) / WORD;
        let (cell, bit) = (&mut self.bits[index / 64], 1 << (index % 64));
        let fresh = *cell & bit == 0;
        *cell |= bit;
        fresh
    }

    /// Sets the bits of the words that hold these bytes.
    fn mark_bytes(&mut self, address: usize, bytes: usize) {
        let end = (address + bytes).min(self.end);
        let mut at = (address - self.start) / WORD;
        let end = (end - self.start).div_ceil(WORD);
        while at < end {
            // As many bits as are left of this cell, or of the range.
            let count = (64 - at % 64).min(end - at);
            self.bits[at / 64] |= u64::MAX >> (64 - count) << (at % 64);
            at += count;
        }
    }

    /// Calls with the first word and the number of words of each longest part without a mark.
    fn holes(&self, mut each: impl FnMut(usize, usize)) {
        let words = (self.end - self.start) / WORD;
        let mut at = 0;
        while at < words {
            let first = self.next(at, words, false);
            at = self.next(first, words, true);
            if at > first {
                each(first, at - first);
            }
        }
    }

    /// The first word from `at` on that is marked or is not.
    fn next(&self, at: usize, words: usize, marked: bool) -> usize {
        let mut at = at;
        while at < words {
            let cell = self.bits[at / 64];
            let wanted = (if marked { cell } else { !cell }) >> (at % 64);
            if wanted != 0 {
                return (at + wanted.trailing_zeros() as usize).min(words);
            }
            at = (at / 64 + 1) * 64;
        }
        words
    }
}

/// What is still to be traced.
enum Work {
    Value(Value),
    Env(Env),
    Slots(*const Slot, usize),
}

struct Marker {
    /// Sorted by address.
    regions: Vec<Region>,
    /// The region found last.
    last: usize,
    left: Vec<Work>,
    huge: Vec<(Env, usize)>,
    /// Where strings whose bytes are not in an arena have them; sorted at the end.
    outside: Vec<usize>,
    /// Whether something was found that can't be (C1).
    lost: bool,
}

impl Marker {
    fn new(m: &Machine) -> Marker {
        let region = |what| {
            move |(start, size): (*mut u8, usize)| Region {
                start: start as usize,
                end: start as usize + size,
                bits: vec![0; (size / WORD).div_ceil(64)],
                what,
            }
        };
        let mut regions: Vec<Region> = m.heap.chunks().map(region(Arena::Values)).collect();
        regions.extend(m.shapes.layouts.arena.chunks().map(region(Arena::Layouts)));
        regions.extend(m.code.chunks().map(region(Arena::Code)));
        regions.sort_unstable_by_key(|region| region.start);
        Marker {
            regions,
            last: 0,
            left: Vec::new(),
            huge: m.huge_envs.clone(),
            outside: Vec::new(),
            lost: false,
        }
    }

    fn value(&mut self, value: Value) {
        if value.is_object() {
            self.left.push(Work::Value(value));
        }
    }

    fn run(&mut self) {
        while let Some(work) = self.left.pop() {
            match work {
                Work::Value(value) => self.object(value),
                Work::Env(env) => self.env(env),
                Work::Slots(slots, count) => self.slots(slots, count),
            }
        }
        self.outside.sort_unstable();
    }

    /// The region that an address is in.
    #[inline(always)]
    fn region(&mut self, address: usize) -> Option<&mut Region> {
        let known = &self.regions[self.last];
        if address < known.start || address >= known.end {
            let after = self.regions.partition_point(|region| region.start <= address);
            self.last = after.checked_sub(1).filter(|&i| address < self.regions[i].end)?;
        }
        Some(&mut self.regions[self.last])
    }

    fn is_marked(&self, address: usize) -> bool {
        let after = self.regions.partition_point(|region| region.start <= address);
        let Some(region) = after.checked_sub(1).map(|i| &self.regions[i]) else { return false };
        let index = (address - region.start) / WORD;
        address < region.end && region.bits[index / 64] >> (index % 64) & 1 == 1
    }

    /// Whether what is at an address stays.
    fn is_used(&self, address: usize) -> bool {
        let after = self.regions.partition_point(|region| region.start <= address);
        let region = after.checked_sub(1).map(|i| &self.regions[i]);
        let passing = region.is_some_and(|r| address < r.end && r.what == Arena::Layouts);
        !passing || self.is_marked(address)
    }

    /// Marks the words that hold these bytes, if they are in an arena.
    fn bytes(&mut self, address: usize, bytes: usize) -> bool {
        match self.region(address) {
            Some(region) => {
                region.mark_bytes(address, bytes);
                true
            }
            None => false,
        }
    }

    fn layout(&mut self, layout: &Layout) {
        let address = layout as *const Layout as usize;
        let Some(region) = self.region(address) else {
            self.lost = true;
            return;
        };
        if region.what == Arena::Layouts && region.mark(address) {
            region.mark_bytes(address, layout.words() * WORD);
            if let Some((at, bytes)) = layout.order_bytes() {
                self.bytes(at, bytes);
            }
        }
    }

    /// Marks the words of an object; whether its first was not marked.
    fn header(&mut self, object: *const u64, words: usize) -> bool {
        let address = object as usize;
        let Some(region) = self.region(address) else {
            self.lost = true;
            return false;
        };
        let fresh = region.mark(address);
        for i in 1..words {
            region.mark(address + i * WORD);
        }
        fresh
    }

    fn object(&mut self, value: Value) {
        let tag = value.tag();
        let object = value.object(tag);
        match tag {
            TAG_ATTRS => self.attrs(Attrs(object)),
            TAG_LIST => {
                if let Some(list) = value.as_list()
                    && self.header(object, ListObject::words(list.len()))
                {
                    let slots = list.slots();
                    self.left.push(Work::Slots(slots.as_ptr(), slots.len()));
                }
            }
            TAG_STRING => self.string(Str(object as *const StrObject)),
            TAG_FUNCTION => self.function(Function(object)),
            TAG_BOX => {
                self.header(object, 2);
                if let Boxed::Path(text) = value.boxed() {
                    self.string(text);
                }
            }
            TAG_THUNK => match referred(value) {
                Some(slot) => self.slots(slot, 1),
                None => self.thunk(Thunk(object)),
            },
            _ => {}
        }
    }

    fn string(&mut self, text: Str) {
        let bytes = text.bytes();
        if self.header(text.0 as *const u64, 2) && !bytes.is_empty() {
            let at = bytes.as_ptr() as usize;
            if !self.bytes(at, bytes.len()) {
                self.outside.push(at);
            }
        }
    }

    fn attrs(&mut self, set: Attrs) {
        if set.is_layered() {
            if self.header(set.0, 5) {
                let parts = [Some(set.base()), Some(set.top()), set.flat_cache()];
                self.left.extend(parts.into_iter().flatten().map(|a| Work::Value(a.value())));
            }
        } else if self.header(set.0, 1) {
            self.layout(set.layout());
            let slots = set.flat_slots();
            self.left.push(Work::Slots(slots.as_ptr(), slots.len()));
        }
    }

    fn function(&mut self, function: Function) {
        if function.head() & TAG_MASK == FUNCTION_ALIAS {
            self.header(function.0, 1);
            return self.value(function.original().value());
        }
        let (words, env, args): (usize, Option<Env>, &[Slot]) = match function.kind() {
            FunctionKind::Closure(_, env) => (2, Some(env), &[]),
            FunctionKind::Partial(_, env, args) => (3, Some(env), args),
            FunctionKind::PrimOp(_) => (1, None, &[]),
            FunctionKind::PrimOpApp(_, args) => (2, None, args),
        };
        if self.header(function.0, words) {
            self.left.extend(env.map(Work::Env));
            self.left.push(Work::Slots(args.as_ptr(), args.len()));
        }
    }

    fn thunk(&mut self, thunk: Thunk) {
        if !self.header(thunk.0, 2) {
            return;
        }
        let state = thunk.state().load(std::sync::atomic::Ordering::Acquire);
        let field = thunk.field(0);
        if state == THUNK_DONE {
            // Its word is marked as the header's.
            return self.content(field);
        }
        match state & TAG_MASK {
            THUNK_NODE => self.left.push(Work::Env(Env(field.word() as *const Slot))),
            THUNK_APP => {
                // The function stands before the arguments, and its word is marked as the header's.
                self.left.push(Work::Value(field.get()));
                self.left.push(Work::Slots(thunk.field(1), (state >> 8) as usize));
            }
            THUNK_NATIVE => self.left.push(Work::Slots(thunk.field(1), field.word() as usize)),
            THUNK_FAILED => {}
            _ => self.lost = true,
        }
    }

    fn env(&mut self, env: Env) {
        if std::ptr::eq(env.0, Env::EMPTY.0) || !self.header(env.0 as *const u64, 1) {
            return;
        }
        if env.has_caller() {
            self.header(env.0.wrapping_sub(1) as *const u64, 1);
        }
        self.left.push(Work::Env(env.parent()));
        let known = env.slots();
        let huge = || self.huge.iter().find(|(huge, _)| std::ptr::eq(huge.0, env.0));
        match known.or_else(|| huge().map(|(_, count)| *count)) {
            Some(count) => self.left.push(Work::Slots(env.slot(1), count)),
            None => self.lost = true,
        }
    }

    /// Marks slots that stand one behind the other, and traces what is in them.
    fn slots(&mut self, slots: *const Slot, count: usize) {
        if count == 0 {
            return;
        }
        if self.region(slots as usize).is_none() {
            self.lost = true;
            return;
        }
        for i in 0..count {
            // SAFETY: the object that these slots belong to has so many (V1).
            let slot: &'static Slot = unsafe { &*slots.add(i) };
            let fresh = self
                .region(slot as *const Slot as usize)
                .is_some_and(|r| r.mark(slot as *const Slot as usize));
            if fresh {
                self.content(slot);
            }
        }
    }

    /// Traces what is in a slot. What is known of a thunk replaces it, so that the thunk may go.
    fn content(&mut self, slot: &'static Slot) {
        loop {
            let word = slot.word();
            if word == 0 {
                return;
            }
            if is_waiting(word) {
                return self.waiting(slot);
            }
            let value = slot.get();
            if !value.is_thunk() {
                return self.value(value);
            }
            match next(value) {
                Some(known) => slot.set(known),
                None => return self.left.push(Work::Value(value)),
            }
        }
    }

    /// Marks what an expression needs that waits in a slot.
    fn waiting(&mut self, slot: &Slot) {
        let Some((start, before)) = slot.waiting_in() else {
            self.lost = true;
            return;
        };
        if !before {
            return self.left.push(Work::Env(Env(start)));
        }
        let place = start.wrapping_sub(1);
        self.header(place as *const u64, 1);
        // SAFETY: the slot says that its environment's address is there.
        self.left.push(Work::Env(Env(unsafe { (*place).word() } as *const Slot)));
    }
}

/// What a thunk or a reference stands for, if that is one step nearer to the value.
fn next(value: Value) -> Option<Value> {
    match referred(value) {
        Some(slot) => match slot.waiting() {
            Waiting::Moved(value) => Some(value),
            _ => None,
        },
        None => {
            let thunk = Thunk(value.object(TAG_THUNK));
            let done = thunk.state().load(std::sync::atomic::Ordering::Acquire) == THUNK_DONE;
            done.then(|| thunk.field(0).get())
        }
    }
}

const _: () = assert!(align_of::<Lambda>() == WORD);
