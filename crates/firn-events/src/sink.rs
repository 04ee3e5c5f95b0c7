//! Where events go, and the short way to send them.

use crate::{Activity, ActivityId, Event, Level, Outcome};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Receives events, in order for each activity, possibly from several threads.
///
/// `emit` must be quick: it is called from the threads that do the work.
pub trait Sink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// Forgets everything.
#[derive(Debug, Default)]
pub struct Null;

impl Sink for Null {
    fn emit(&self, _event: Event) {}
}

/// Keeps everything, for tests and reports.
#[derive(Debug, Default)]
pub struct Collect(Mutex<Vec<Event>>);

impl Collect {
    /// Takes what was collected so far.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sink for Collect {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// Gives out the ids of one stream.
#[derive(Debug)]
pub struct IdSource(AtomicU64);

impl Default for IdSource {
    fn default() -> Self {
        IdSource(AtomicU64::new(1))
    }
}

impl IdSource {
    /// An id that this source never gave before.
    pub fn next(&self) -> ActivityId {
        ActivityId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A sink, the ids of its stream, and the activity under which new ones start.
#[derive(Clone)]
pub struct Reporter {
    sink: Arc<dyn Sink>,
    ids: Arc<IdSource>,
    parent: Option<ActivityId>,
}

impl Default for Reporter {
    fn default() -> Self {
        Reporter::new(Arc::new(Null))
    }
}

impl Reporter {
    /// A new stream that ends in `sink`.
    pub fn new(sink: Arc<dyn Sink>) -> Reporter {
        Reporter { sink, ids: Arc::default(), parent: None }
    }

    /// Starts an activity below this reporter's own.
    pub fn start(&self, activity: Activity) -> Span {
        let id = self.ids.next();
        self.sink.emit(Event::Start { id, parent: self.parent, activity });
        Span { reporter: Reporter { parent: Some(id), ..self.clone() }, id, open: true }
    }

    /// Sends an event as it is; its ids must come from [`Reporter::next_id`].
    pub fn emit(&self, event: Event) {
        self.sink.emit(event);
    }

    /// A fresh id of this stream.
    pub fn next_id(&self) -> ActivityId {
        self.ids.next()
    }

    /// The activity under which this reporter starts new ones.
    pub fn parent(&self) -> Option<ActivityId> {
        self.parent
    }

    /// Sends a message about the reporter's own activity.
    pub fn message(&self, level: Level, text: impl Into<String>) {
        self.sink.emit(Event::Message { id: self.parent, level, text: text.into() });
    }
}

/// A running activity. When dropped without [`Span::stop`] it counts as cancelled.
pub struct Span {
    reporter: Reporter,
    id: ActivityId,
    open: bool,
}

impl Span {
    /// Its id.
    pub fn id(&self) -> ActivityId {
        self.id
    }

    /// A reporter for what happens inside.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// Says how far it is; `expected` is 0 when unknown.
    pub fn progress(&self, done: u64, expected: u64) {
        self.reporter.emit(Event::Progress { id: self.id, done, expected });
    }

    /// Enters a phase.
    pub fn phase(&self, name: impl Into<String>) {
        self.reporter.emit(Event::Phase { id: self.id, name: name.into() });
    }

    /// Passes on a line of its log.
    pub fn log(&self, line: impl Into<String>) {
        self.reporter.emit(Event::Log { id: self.id, line: line.into() });
    }

    /// Says that it is usable now, `millis` milliseconds after its start.
    pub fn ready(&self, millis: u64) {
        self.reporter.emit(Event::Ready { id: self.id, millis });
    }

    /// Ends it. `millis` is how long it took, if measured.
    pub fn stop(mut self, outcome: Outcome, millis: Option<u64>) {
        self.open = false;
        self.reporter.emit(Event::Stop { id: self.id, outcome, millis });
    }

    /// Ends it as its result says.
    pub fn finish<T, E: std::fmt::Display>(self, result: Result<T, E>) -> Result<T, E> {
        let outcome = match &result {
            Ok(_) => Outcome::Ok,
            Err(e) => Outcome::Failed { message: first_line(&e.to_string()) },
        };
        self.stop(outcome, None);
        result
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.open {
            self.reporter.emit(Event::Stop {
                id: self.id,
                outcome: Outcome::Cancelled,
                millis: None,
            });
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
