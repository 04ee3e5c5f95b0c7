//! The arena in which values live: memory is taken in large chunks and given back all at once.

use std::ptr::null_mut;

pub(crate) use crate::heap_stats::For;

/// First chunk; evaluating a small expression touches no more than it needs of it.
const FIRST_CHUNK: usize = 1 << 20;
/// Later chunks. The kernel fills one with pages in one go, so what is not used of the last is waste.
const CHUNK: usize = 2 << 20;
/// What is larger gets a mapping of its own.
const ALONE: usize = CHUNK / 4;

/// A bump allocator. Everything in it is aligned to 8 bytes and zero when first handed out.
pub(crate) struct Heap {
    next: *mut u8,
    end: *mut u8,
    chunks: Vec<(*mut u8, usize)>,
    /// Bytes in all chunks.
    total: usize,
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
        Heap {
            next: null_mut(),
            end: null_mut(),
            chunks: Vec::new(),
            total: 0,
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
        self.total - (self.end as usize - self.next as usize)
    }

    #[cold]
    #[inline(never)]
    fn refill(&mut self, bytes: usize) -> *mut u8 {
        if bytes > ALONE {
            // Room to grow may be in it, which nobody touches.
            return self.map(bytes.next_multiple_of(4096), 0);
        }
        let first = self.total == 0;
        let (size, how) = if first { (FIRST_CHUNK, 0) } else { (CHUNK, libc::MAP_POPULATE) };
        let start = self.map(size, how);
        self.next = start.wrapping_add(bytes);
        self.end = start.wrapping_add(size);
        start
    }

    /// A fresh mapping. Huge pages are left to the machine's policy: asked for here, they cost more
    /// system time than they saved where it was measured (docs/performance.md).
    fn map(&mut self, size: usize, how: libc::c_int) -> *mut u8 {
        // SAFETY: an anonymous private mapping at an address the kernel chooses.
        let start = unsafe {
            libc::mmap(
                null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | how,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            // Nothing sensible can follow here; who started the evaluation says so.
            std::panic::resume_unwind(Box::new(crate::stack::OutOfMemory));
        }
        self.chunks.push((start as *mut u8, size));
        self.total += size;
        start as *mut u8
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for &(start, size) in &self.chunks {
            // SAFETY: these are exactly the mappings `map` made, each once.
            unsafe { libc::munmap(start as *mut libc::c_void, size) };
        }
    }
}
