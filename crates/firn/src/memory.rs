//! The allocator of the program, which says so in a line when there is no memory left. The library's own answer is
//! an abort with a stack of functions; and the kernel promises more than it has, and ends whoever takes it at its word.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;

use mimalloc::MiMalloc;

/// See the module.
pub struct Allocator;

/// From this size on the machine is asked whether it has as much.
const LARGE: usize = 256 << 20;

/// Whether the machine has not so many bytes. Asking takes memory itself, which is little.
fn is_too_much(size: usize) -> bool {
    size >= LARGE && firn_eval::memory::is_too_much(0, size)
}

/// What was allocated; the end of the program where it was not.
fn given(start: *mut u8) -> *mut u8 {
    if start.is_null() {
        end();
    }
    start
}

/// Nothing can be cleared away here: that takes memory, and an allocator must not unwind.
#[cold]
fn end() -> ! {
    let text = b"error: out of memory: there is not as much as this needs\n";
    // SAFETY: the bytes are the text's own; `_exit` can be called anywhere.
    unsafe {
        libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len());
        libc::_exit(1)
    }
}

// SAFETY: all memory is the other allocator's, by the same layouts. Nothing unwinds.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_too_much(layout.size()) {
            return given(null_mut());
        }
        // SAFETY: the caller's promise.
        given(unsafe { MiMalloc.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_too_much(layout.size()) {
            return given(null_mut());
        }
        // SAFETY: the caller's promise.
        given(unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if is_too_much(size) {
            return given(null_mut());
        }
        // SAFETY: the caller's promise.
        given(unsafe { MiMalloc.realloc(start, layout, size) })
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.dealloc(start, layout) }
    }
}
