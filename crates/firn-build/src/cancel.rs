//! Giving up everything at once: an interrupt, or a failure elsewhere.

use rustix::event::{EventfdFlags, eventfd};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that can be thrown once, and a descriptor that becomes readable then.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    thrown: AtomicBool,
    event: OwnedFd,
}

impl Cancel {
    /// A switch that is not thrown.
    ///
    /// # Errors
    /// When descriptors run out.
    pub fn new() -> std::io::Result<Cancel> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Cancel(Arc::new(Inner { thrown: AtomicBool::new(false), event })))
    }

    /// Throws it. May be called from a thread that waits for signals, and more than once.
    pub fn cancel(&self) {
        self.0.thrown.store(true, Ordering::SeqCst);
        // It stays readable for everyone who waits, because nobody reads it.
        let _ = rustix::io::write(&self.0.event, &1u64.to_ne_bytes());
    }

    /// Whether it was thrown.
    pub fn is_cancelled(&self) -> bool {
        self.0.thrown.load(Ordering::SeqCst)
    }
}

impl AsFd for Cancel {
    /// Readable once the switch is thrown.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.event.as_fd()
    }
}
