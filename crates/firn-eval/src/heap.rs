//! The arena in which values live: memory is taken in large chunks and given back all at once, or,
//! by a collection, what nothing refers to: whole chunks, and holes in the others that are filled
//! before there is a new chunk.

use std::ptr::null_mut;

pub(crate) use crate::heap_stats::For;
use crate::pages;

/// First chunk; evaluating a small expression touches no more than it needs of it.
const FIRST_CHUNK: usize = 256 << 10;
/// Later chunks. The kernel fills one with pages in one go, so what is not used of the last is waste.
const CHUNK: usize = 2 << 20;
/// Smaller unused parts of a chunk stay unused.
const SMALLEST_HOLE: usize = 512;
const PAGE: usize = 4096;

/// A bump allocator. Everything in it is aligned to 8 bytes and zero when first handed out.
pub(crate) struct Heap {
    next: *mut u8,
    end: *mut u8,
    chunks: Vec<(*mut u8, usize)>,
    /// Size of the first chunk and of the others.
    sizes: (usize, usize),
    /// Bytes in all chunks.
    total: usize,
    /// Unused parts of chunks, found by the last collection, with their sizes in bytes.
    holes: Vec<(*mut u8, usize)>,
    /// Bytes in all holes.
    in_holes: usize,
    /// Where the last string that may grow ends, and how far it may.
    pub grow_end: *mut u8,
    pub grow_limit: *mut u8,
    /// The same for the last list.
    pub list_end: *mut u64,
    pub list_limit: *mut u64,
    #[cfg(feature = "heap-stats")]
    pub counts: crate::heap_stats::Counts,
}

impl Heap {
    pub fn new() -> Heap {
        Heap::with_chunks(FIRST_CHUNK, CHUNK)
    }

    /// An arena for what is not much: it takes memory in small steps.
    pub fn small() -> Heap {
        Heap::with_chunks(FIRST_CHUNK / 2, CHUNK / 8)
    }

    fn with_chunks(first: usize, others: usize) -> Heap {
        Heap {
            sizes: (first, others),
            next: null_mut(),
            end: null_mut(),
            chunks: Vec::new(),
            total: 0,
            holes: Vec::new(),
            in_holes: 0,
            grow_end: null_mut(),
            grow_limit: null_mut(),
            list_end: null_mut(),
            list_limit: null_mut(),
            #[cfg(feature = "heap-stats")]
            counts: Default::default(),
        }
    }

    #[cfg(feature = "heap-stats")]
    fn count(&mut self, what: For, bytes: usize) {
        self.counts.add(what, bytes);
    }

    #[cfg(not(feature = "heap-stats"))]
    #[inline(always)]
    fn count(&mut self, _: For, _: usize) {}

    /// `words` zeroed words.
    #[inline(always)]
    pub fn words(&mut self, what: For, words: usize) -> *mut u64 {
        let bytes = words * 8;
        self.count(what, bytes);
        if (self.end as usize) - (self.next as usize) < bytes {
            return self.refill(bytes) as *mut u64;
        }
        let object = self.next;
        self.next = object.wrapping_add(bytes);
        object as *mut u64
    }

    /// `len` bytes, zeroed.
    #[inline(always)]
    pub fn bytes(&mut self, what: For, len: usize) -> *mut u8 {
        self.words(what, len.div_ceil(8)) as *mut u8
    }

    /// Puts a value into the arena. Its destructor will not run.
    pub fn place<T>(&mut self, value: T) -> &'static T {
        const { assert!(align_of::<T>() <= 8) };
        let at = self.bytes(For::Code, size_of::<T>()) as *mut T;
        // SAFETY: room of the right size and alignment was just allocated; it lives as long as the
        // arena (V1).
        unsafe {
            at.write(value);
            &*at
        }
    }

    /// Puts several values into the arena, one behind the other.
    pub fn place_all<T: Copy>(&mut self, values: &[T]) -> &'static [T] {
        const { assert!(align_of::<T>() <= 8) };
        if values.is_empty() {
            return &[];
        }
        let at = self.bytes(For::Code, size_of_val(values)) as *mut T;
        // SAFETY: as for `place`.
        unsafe {
            std::ptr::copy_nonoverlapping(values.as_ptr(), at, values.len());
            std::slice::from_raw_parts(at, values.len())
        }
    }

    /// Bytes handed out or reserved so far.
    pub fn size(&self) -> usize {
        self.total - self.in_holes - (self.end as usize - self.next as usize)
    }

    /// All chunks with their sizes in bytes.
    pub fn chunks(&self) -> impl Iterator<Item = (*mut u8, usize)> + '_ {
        self.chunks.iter().copied()
    }

    /// Begins a sweep: what was left of the last chunk and of growing objects is given up.
    pub fn forget_ends(&mut self) {
        (self.next, self.end) = (null_mut(), null_mut());
        (self.grow_end, self.grow_limit) = (null_mut(), null_mut());
        (self.list_end, self.list_limit) = (null_mut(), null_mut());
        self.holes.clear();
        self.in_holes = 0;
    }

    /// Gives a chunk back to the system.
    ///
    /// # Safety
    /// Nothing refers into it, and [`Heap::forget_ends`] came before.
    pub unsafe fn give_back(&mut self, start: *mut u8) {
        if let Some(index) = self.chunks.iter().position(|chunk| chunk.0 == start) {
            let (start, size) = self.chunks.swap_remove(index);
            self.total -= size;
            // SAFETY: a mapping that `map` made, and which is no longer among the chunks.
            unsafe { pages::give_back(start, size) };
        }
    }

    /// Lets a part of a chunk be used again; small ones are not worth it.
    ///
    /// # Safety
    /// Nothing refers into it, and [`Heap::forget_ends`] came before.
    pub unsafe fn reuse(&mut self, start: *mut u8, bytes: usize) {
        if bytes < SMALLEST_HOLE {
            return;
        }
        if cfg!(debug_assertions) {
            // SAFETY: the caller's promise. Who still refers there shall notice.
            unsafe { start.write_bytes(0xdb, bytes) };
        }
        self.holes.push((start, bytes));
        self.in_holes += bytes;
    }

    /// Lets the system take back the pages that lie in a part of a chunk as a whole. The part is not
    /// used again.
    ///
    /// # Safety
    /// Nothing reads what is there, and [`Heap::forget_dropped`] came before.
    pub unsafe fn drop_pages(&mut self, start: *mut u8, bytes: usize) {
        let from = (start as usize).next_multiple_of(PAGE);
        let to = ((start as usize + bytes) & !(PAGE - 1)).min(self.next_page_of(start));
        if from < to {
            // SAFETY: whole pages of a mapping of ours; the caller's promise.
            unsafe { pages::drop_contents(start.add(from - start as usize), to - from) };
            self.in_holes += to - from;
        }
    }

    /// Before [`Heap::drop_pages`]: all that was dropped will be dropped again.
    pub fn forget_dropped(&mut self) {
        self.in_holes = 0;
    }

    /// The end of the pages that may be dropped of a part of a chunk: what is still to be handed out
    /// stays.
    fn next_page_of(&self, start: *mut u8) -> usize {
        let (next, end) = (self.next as usize, self.end as usize);
        if (start as usize) < end && end - (start as usize) <= CHUNK {
            next & !(PAGE - 1)
        } else {
            usize::MAX
        }
    }

    /// The next hole with room for so many bytes, zeroed.
    fn take_hole(&mut self, bytes: usize) -> Option<(*mut u8, usize)> {
        let (start, size) = self.holes.pop_if(|hole| hole.1 >= bytes)?;
        self.in_holes -= size;
        // SAFETY: `reuse`'s promise.
        unsafe { start.write_bytes(0, size) };
        Some((start, size))
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self, bytes: usize) -> *mut u8 {
        if bytes > self.sizes.1 / 4 {
            // Room to grow may be in it, which nobody touches.
            return self.map(bytes.next_multiple_of(PAGE), false);
        }
        if let Some((start, size)) = self.take_hole(bytes) {
            self.next = start.wrapping_add(bytes);
            self.end = start.wrapping_add(size);
            return start;
        }
        let first = self.total == 0;
        let size = if first { self.sizes.0 } else { self.sizes.1 };
        let start = self.map(size, !first);
        self.next = start.wrapping_add(bytes);
        self.end = start.wrapping_add(size);
        start
    }

    /// A fresh chunk; with `fill` its pages are there from the beginning.
    fn map(&mut self, size: usize, fill: bool) -> *mut u8 {
        if crate::memory::is_too_much(self.total, size) {
            std::panic::resume_unwind(Box::new(crate::stack::OutOfMemory));
        }
        let Some(start) = pages::map(size, fill) else {
            // Nothing sensible can follow here; who started the evaluation says so.
            std::panic::resume_unwind(Box::new(crate::stack::OutOfMemory));
        };
        self.chunks.push((start, size));
        self.total += size;
        start
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for &(start, size) in &self.chunks {
            // SAFETY: these are exactly the mappings `map` made, each once.
            unsafe { pages::give_back(start, size) };
        }
    }
}
