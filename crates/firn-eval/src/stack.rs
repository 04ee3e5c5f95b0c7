//! A thread with a very large stack for evaluation: deep but finite data must not crash, and memory
//! is taken only as far as the stack is used.

use std::cell::Cell;

/// Address space reserved for the evaluation's stack.
const RESERVED: usize = 8 << 30;
/// Room left below the limit for functions that do not check.
const MARGIN: usize = 1 << 20;
/// What is assumed of a thread that [`run`] did not start.
const SMALL_STACK: usize = 1 << 20;

thread_local! {
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// Runs `work` on a thread with a large stack and returns what it returns.
///
/// # Errors
/// When the thread can't be started. A panic in `work` goes on here.
pub fn run<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("evaluator".into())
            .stack_size(RESERVED)
            .spawn_scoped(scope, || {
                let here = 0u8;
                LIMIT.set((&raw const here as usize).saturating_sub(RESERVED - MARGIN));
                work()
            })?;
        match thread.join() {
            Ok(value) => Ok(value),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Address below which this thread's stack must not grow.
pub(crate) fn limit() -> usize {
    let known = LIMIT.get();
    if known != 0 {
        return known;
    }
    let here = 0u8;
    (&raw const here as usize).saturating_sub(SMALL_STACK)
}
