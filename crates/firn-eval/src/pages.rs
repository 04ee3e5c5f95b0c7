//! Memory straight from the system, in whole pages that are zero. Miri, which has no mappings of this
//! kind, takes it from the allocator, so that it sees what is used after it was given back.

#[cfg(not(miri))]
pub(crate) use system::{drop_contents, give_back, map};

#[cfg(miri)]
pub(crate) use allocator::{drop_contents, give_back, map};

#[cfg(not(miri))]
mod system {
    use std::ptr::null_mut;

    /// A fresh mapping of `size` bytes; with `fill` its pages are there from the beginning. Huge pages
    /// are left to the machine's policy: asked for here, they cost more system time than they saved
    /// where it was measured (docs/performance.md). Nothing where there is no memory.
    pub(crate) fn map(size: usize, fill: bool) -> Option<*mut u8> {
        let fill = if fill { libc::MAP_POPULATE } else { 0 };
        // SAFETY: an anonymous private mapping at an address the kernel chooses.
        let start = unsafe {
            libc::mmap(
                null_mut(),
                size,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | fill,
                -1,
                0,
            )
        };
        (start != libc::MAP_FAILED).then_some(start as *mut u8)
    }

    /// Ends a mapping.
    ///
    /// # Safety
    /// [`map`] made it with this size, it was not ended before, and nothing refers into it.
    pub(crate) unsafe fn give_back(start: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        unsafe { libc::munmap(start as *mut libc::c_void, size) };
    }

    /// Lets the system take back what pages hold: they are zero when they are used again.
    ///
    /// # Safety
    /// They are whole pages of a mapping that [`map`] made, and nothing reads what they hold.
    pub(crate) unsafe fn drop_contents(start: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        unsafe { libc::madvise(start as *mut libc::c_void, size, libc::MADV_DONTNEED) };
    }
}

#[cfg(miri)]
mod allocator {
    use std::alloc::Layout;

    fn layout(size: usize) -> Option<Layout> {
        Layout::from_size_align(size, 4096).ok()
    }

    pub(crate) fn map(size: usize, _fill: bool) -> Option<*mut u8> {
        // SAFETY: nobody asks for no bytes.
        let start = unsafe { std::alloc::alloc_zeroed(layout(size)?) };
        (!start.is_null()).then_some(start)
    }

    pub(crate) unsafe fn give_back(start: *mut u8, size: usize) {
        if let Some(layout) = layout(size) {
            // SAFETY: the caller's promise; `map` used the same layout.
            unsafe { std::alloc::dealloc(start, layout) };
        }
    }

    pub(crate) unsafe fn drop_contents(start: *mut u8, size: usize) {
        // SAFETY: the caller's promise.
        unsafe { start.write_bytes(0, size) };
    }
}
