//! What the user sees of work that takes time, on standard error.
//!
//! On a terminal: a few status lines at the bottom, drawn from [`firn_events::Progress`], with lasting
//! lines above them for what is worth keeping. Elsewhere: plain lines only. What deserves a lasting
//! line is decided in [`lines`], what the status lines say in [`rows`].

mod json;
mod lines;
mod rows;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use firn_events::{Event, Level, Progress, Sink};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use json::JsonLog;
use lines::Lines;

/// Whether errors are records as well.
static JSON: AtomicBool = AtomicBool::new(false);

/// The program's last words, as a record where everything else is one.
pub fn last_words(text: &str) -> String {
    match JSON.load(Ordering::Relaxed) {
        true => json::failure(text),
        false => text.to_owned(),
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verbosity {
    /// Show the lines that builds write (`-L`).
    pub build_logs: bool,
    /// Show the lines of builds as they are, as the older programs do.
    pub raw_logs: bool,
    /// Only errors (`--quiet`).
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// Records for programs in place of text for people (`--log-format internal-json`).
    pub json: bool,
}

/// Shows events on standard error.
pub struct Display {
    verbosity: Verbosity,
    state: Mutex<State>,
}

struct State {
    progress: Progress,
    lines: Lines,
    status: Option<Status>,
    /// Records on standard error, in place of everything else.
    json: Option<JsonLog>,
    /// Records in a file besides (`json-log-path`).
    file: Option<JsonLog>,
}

impl Display {
    /// A display for standard error as it is: a terminal or not.
    pub fn new(verbosity: Verbosity) -> Self {
        let live = std::io::stderr().is_terminal() && !verbosity.quiet && !verbosity.json;
        JSON.store(verbosity.json, Ordering::Relaxed);
        let lines = Lines::new(verbosity, live);
        Display {
            verbosity,
            state: Mutex::new(State {
                progress: Progress::default(),
                lines,
                status: live.then(Status::new),
                json: verbosity.json.then(JsonLog::stderr),
                file: None,
            }),
        }
    }

    /// Writes records of everything to a file or socket from now on.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn log_to(&self, path: &Path) -> std::io::Result<()> {
        let log = JsonLog::to(path)?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).file = Some(log);
        Ok(())
    }

    /// Whether the lines that builds write are shown as they come.
    pub fn shows_builds(&self) -> bool {
        self.verbosity.build_logs || self.verbosity.raw_logs
    }

    /// Prints a line of talk as it is, above the status lines.
    pub fn print(&self, line: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut state.json {
            Some(json) => json.message(line, Level::Info),
            None => print(state.status.as_ref(), line),
        }
    }

    /// Takes the status lines away, before other output.
    pub fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(status) = &mut state.status {
            status.show(&[]);
        }
    }

    /// The same for good: the terminal is somebody else's from now on.
    pub fn close(&self) {
        self.finish();
        self.state.lock().unwrap_or_else(PoisonError::into_inner).status = None;
    }
}

impl Sink for Display {
    fn emit(&self, event: Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let chatty = self.verbosity.verbose > 1;
        for log in state.json.iter_mut().chain(&mut state.file) {
            log.event(&event, chatty);
        }
        if state.json.is_some() {
            return state.progress.apply(&event);
        }
        let line = state.lines.line(&event, &state.progress);
        state.progress.apply(&event);
        if let Some(status) = &mut state.status {
            status.show(&rows::rows(&state.progress));
        }
        if let Some(line) = line {
            print(state.status.as_ref(), &line);
        }
    }
}

/// The lines at the bottom of a terminal.
struct Status {
    all: MultiProgress,
    rows: Vec<ProgressBar>,
}

impl Status {
    fn new() -> Self {
        Status { all: MultiProgress::new(), rows: Vec::new() }
    }

    /// Shows these lines in place of those before.
    fn show(&mut self, texts: &[String]) {
        for bar in self.rows.drain(texts.len().min(self.rows.len())..) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        for (number, text) in texts.iter().enumerate() {
            if number == self.rows.len() {
                let bar = self.all.add(ProgressBar::new_spinner());
                style(&bar, number == 0);
                self.rows.push(bar);
            }
            self.rows[number].set_message(text.clone());
        }
    }
}

/// The first line turns, so that one sees that something goes on.
fn style(bar: &ProgressBar, first: bool) {
    let template = if first { "{spinner:.blue} {wide_msg}" } else { "  {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if first {
        bar.enable_steady_tick(Duration::from_millis(120));
    }
}

fn print(status: Option<&Status>, line: &str) {
    let write = || {
        // Standard error is gone when this fails; there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "{line}");
    };
    match status {
        Some(status) => status.all.suspend(write),
        None => write(),
    }
}
