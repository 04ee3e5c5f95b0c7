//! Ctrl-C and termination: a flag that long work looks at, so that it can clean up; and an end for work that waits
//! for somebody else and looks at nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use firn_formats::DerivedPath;
use firn_store::{BuildMode, Realise, Realised, StoreResult};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The flag; the first call takes the signals over. A second signal ends the program at once.
pub fn flag() -> Arc<AtomicBool> {
    FLAG.get_or_init(|| {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // The order matters: ending comes first, and only when the flag is already set.
            let registered =
                signal_hook::flag::register_conditional_shutdown(signal, 130, flag.clone())
                    .and_then(|_| signal_hook::flag::register(signal, flag.clone()));
            debug_assert!(registered.is_ok(), "these signals can be handled");
        }
        flag
    })
    .clone()
}

/// How often the flag is looked at, and how long the work may take from there to its own end.
const GLANCE: Duration = Duration::from_millis(50);
const GRACE: Duration = Duration::from_millis(150);
/// The same where something is built meanwhile.
const GRACE_OF_BUILDS: Duration = Duration::from_secs(2);

/// How many builds run that take the time to end in good order.
static BUILDS: AtomicUsize = AtomicUsize::new(0);

/// As long as this lives, something is built: its processes and folders are cleared away after an interrupt.
struct Building(());

fn building() -> Building {
    BUILDS.fetch_add(1, Ordering::Relaxed);
    Building(())
}

impl Drop for Building {
    fn drop(&mut self) {
        BUILDS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As long as this lives, the program ends some time after an interrupt even if nothing else notices it: a server
/// that says nothing holds a fetch for minutes. What is half done then is what a killed program leaves, which
/// the next one clears away; a build that an evaluation waits for gets some time ([`ForEvaluation`]). Builds that the user
/// asked for do not run under it: they take the time to end in good order.
pub struct Deadline(#[expect(dead_code, reason = "its end is what counts")] Sender<()>);

/// Sets a deadline for what follows.
pub fn deadline() -> Deadline {
    let (alive, ended) = channel();
    let flag = flag();
    thread::spawn(move || {
        while !is_over(&ended, GLANCE) {
            if flag.load(Ordering::Relaxed)
                && !is_over(&ended, grace())
                && flag.load(Ordering::Relaxed)
            {
                eprintln!("error: interrupted by the user");
                std::process::exit(1);
            }
        }
    });
    Deadline(alive)
}

/// Builds for an evaluation.
pub struct ForEvaluation(pub Arc<dyn Realise>);

impl Realise for ForEvaluation {
    fn realise(&self, wanted: &[DerivedPath], mode: BuildMode) -> StoreResult<Vec<Realised>> {
        let _building = building();
        self.0.realise(wanted, mode)
    }
}

fn grace() -> Duration {
    if BUILDS.load(Ordering::Relaxed) == 0 { GRACE } else { GRACE_OF_BUILDS }
}

/// Whether the deadline's work ends within a time.
fn is_over(ended: &Receiver<()>, within: Duration) -> bool {
    ended.recv_timeout(within) != Err(RecvTimeoutError::Timeout)
}

/// Waits, unless the user asked to stop; says whether to go on.
pub fn pause(time: Duration) -> bool {
    let (flag, end) = (flag(), Instant::now() + time);
    while !flag.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(GLANCE));
    }
    false
}
