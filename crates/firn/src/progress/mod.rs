//! What the user sees of work that takes time, on standard error.
//!
//! On a terminal: one status line at the bottom, drawn from [`firn_events::Progress`], with lasting
//! lines above it for what is worth keeping. Elsewhere: plain lines only. What deserves a lasting
//! line is decided in [`lines`].

mod lines;

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use firn_events::{Event, Progress, Sink};
use indicatif::{ProgressBar, ProgressStyle};
use lines::Lines;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verbosity {
    /// Show the lines that builds write (`-L`).
    pub build_logs: bool,
    /// Only errors (`--quiet`).
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
}

/// Shows events on standard error.
pub struct Display {
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    lines: Lines,
    bar: Option<ProgressBar>,
}

impl Display {
    /// A display for standard error as it is: a terminal or not.
    pub fn new(verbosity: Verbosity) -> Self {
        let live = std::io::stderr().is_terminal() && !verbosity.quiet;
        let lines = Lines::new(verbosity, live);
        Display {
            state: Mutex::new(State { progress: Progress::default(), lines, bar: live.then(bar) }),
        }
    }

    /// Prints a line of talk as it is, above the status line.
    pub fn print(&self, line: &str) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        print(state.bar.as_ref(), line);
    }

    /// Takes the status line away, before other output.
    pub fn finish(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &state.bar {
            bar.finish_and_clear();
        }
    }
}

impl Sink for Display {
    fn emit(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let line = state.lines.line(&event, &state.progress);
        state.progress.apply(&event);
        if let Some(bar) = &state.bar {
            bar.set_message(status(&state.progress));
        }
        if let Some(line) = line {
            print(state.bar.as_ref(), &line);
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner:.blue} {wide_msg}") {
        bar.set_style(style);
    }
    // The line only moves while something is drawn, so that short commands show nothing.
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn print(bar: Option<&ProgressBar>, line: &str) {
    let write = || {
        // Standard error is gone when this fails; there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "{line}");
    };
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// The status line: what is going on now, then how much was done.
fn status(progress: &Progress) -> String {
    let current = progress.active.values().next_back().map(lines::describe);
    let summary = progress.summary();
    match (current, summary.is_empty()) {
        (Some(current), false) => format!("[{summary}] {current}"),
        (Some(current), true) => current,
        (None, _) => summary,
    }
}
