//! A thread with a very large stack for evaluation: deep but finite data must not crash, and memory
//! is taken only as far as the stack is used.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

/// Address space reserved for the evaluation's stack, in the order in which it is tried: a limit on
/// address space (`ulimit -v`) may leave less than the first.
const RESERVED: [usize; 5] = [8 << 30, 1 << 30, 256 << 20, 64 << 20, 16 << 20];
/// What evaluation may use of it: enough for a row of a million operators.
const USED: usize = 1 << 30;
/// Calls are counted: whoever allows more of them inside each other gets this much for each.
const USED_BY_CALL: usize = 16 << 10;
/// Up to here thunks inside each other are like everything else: the reference ends with less. Those that need
/// themselves without a call, and without end, take several times as much beside the stack.
const THUNKS: usize = 64 << 20;
/// What thunks may use of it for each call inside the others that the user allows.
const THUNKS_BY_CALL: usize = 4 << 10;
/// How much further down thunks are looked at again, and how often. Between two of them the stack may hold
/// anything: a row of operators, a deep list.
const DEEPER: usize = 1 << 20;
const TIMES: u32 = 160;
/// Room left below the limit for functions that do not check.
const MARGIN: usize = 1 << 20;
/// What is assumed of a thread that [`run`] did not start.
const SMALL_STACK: usize = 1 << 20;

thread_local! {
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// Why evaluation ended: no memory was left. It unwinds the stack to [`run`], without the report of a
/// panic.
pub(crate) struct OutOfMemory;

/// Whether what unwound the stack was an evaluation that used up all memory, which [`run`] gives as an error.
pub fn is_out_of_memory(panic: &(dyn std::any::Any + Send)) -> bool {
    panic.is::<OutOfMemory>()
}

/// Runs `work` on a thread with a large stack and returns what it returns.
///
/// # Errors
/// When the thread can't be started, or evaluation uses up all memory. A panic in `work` goes on here.
pub fn run<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    run_with(&RESERVED, work)
}

fn run_with<T: Send>(sizes: &[usize], work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    // A thread that can't be started drops its closure; the work itself stays here.
    let work = Mutex::new(Some(work));
    let mut failure = None;
    for &size in sizes {
        match run_on(size, &work) {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => break,
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| std::io::Error::other("there is no work to do")))
}

fn run_on<T: Send>(
    size: usize,
    work: &Mutex<Option<impl FnOnce() -> T + Send>>,
) -> std::io::Result<Option<T>> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("evaluator".into())
            .stack_size(size)
            .spawn_scoped(scope, || {
                let here = 0u8;
                LIMIT.set((&raw const here as usize).saturating_sub(size - MARGIN));
                let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
                work.map(|work| work())
            })?;
        match thread.join() {
            Ok(value) => Ok(value),
            Err(panic) if is_out_of_memory(&*panic) => Err(std::io::Error::new(
                std::io::ErrorKind::OutOfMemory,
                "out of memory: evaluation needs more than there is",
            )),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Address below which this thread's stack must not grow in an evaluation with so many calls inside each other.
pub(crate) fn limit(max_calls: u32) -> usize {
    if cfg!(miri) {
        // What stands on a stack there lies anywhere.
        return 0;
    }
    let known = LIMIT.get();
    let here = &raw const known as usize;
    if known == 0 {
        return here.saturating_sub(SMALL_STACK);
    }
    let used = USED.max((max_calls as usize).saturating_mul(USED_BY_CALL));
    known.max(here.saturating_sub(used))
}

/// How far down the stack thunks inside each other are let.
#[derive(Clone, Copy)]
pub(crate) struct Deep {
    /// Address below which each thunk is looked at.
    pub(crate) below: usize,
    /// How often it may still be moved down.
    times: u32,
}

impl Deep {
    /// For an evaluation with so many calls inside each other, whose stack ends at `limit`.
    pub(crate) fn new(max_calls: u32, limit: usize) -> Deep {
        let here = &raw const limit as usize;
        let used = THUNKS.max((max_calls as usize).saturating_mul(THUNKS_BY_CALL));
        Deep { below: limit.max(here.saturating_sub(used)), times: TIMES }
    }

    /// For what a thunk evaluates that was met here; none if that was the last time.
    pub(crate) fn deeper(self, limit: usize) -> Option<Deep> {
        let here = &raw const self as usize;
        let times = self.times.checked_sub(1)?;
        Some(Deep { below: limit.max(here.saturating_sub(DEEPER)), times })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_that_does_not_fit_gives_way_to_a_smaller_one() {
        let deep = |n: usize| -> usize {
            let room = std::hint::black_box([n; 1024]);
            room[n % 1024]
        };
        let ran = run_with(&[1 << 50, 16 << 20], move || (deep(7), limit(10_000) != 0));
        assert_eq!(ran.ok(), Some((7, true)));
        assert!(run_with(&[1 << 50], || ()).is_err());
    }
}
