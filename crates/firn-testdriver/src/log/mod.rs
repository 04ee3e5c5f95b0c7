//! What the driver tells: the log of the test for people, and events for programs.

mod xml;

pub use xml::XmlLog;

use firn_events::{Activity, Outcome, Reporter, Span};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How much a line of the driver's matters.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For who looks closely.
    Debug,
    /// What the test does.
    #[default]
    Info,
    /// What may be wrong.
    Warning,
    /// What is wrong.
    Error,
}

impl std::str::FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warning" | "warn" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(format!(
                "'{text}' is no level of the log; there are debug, info, warning and error"
            )),
        }
    }
}

/// Writes the log. Cheap to clone.
#[derive(Clone)]
pub struct Log {
    out: Arc<Mutex<Outputs>>,
    events: Reporter,
    serial: Arc<AtomicBool>,
    lowest: Arc<Mutex<Level>>,
}

/// Where it goes.
struct Outputs {
    text: Box<dyn Write + Send>,
    xml: Option<XmlLog>,
}

impl Outputs {
    fn text(&mut self, block: &str) {
        let _ = self.text.write_all(block.as_bytes());
        let _ = self.text.flush();
    }

    fn xml(&mut self, write: impl FnOnce(&mut XmlLog)) {
        if let Some(xml) = &mut self.xml {
            write(xml);
        }
    }
}

impl Log {
    /// A log to `out` with events to `events`.
    pub fn new(out: impl Write + Send + 'static, events: Reporter) -> Self {
        let out = Outputs { text: Box::new(out), xml: None };
        Self {
            out: Arc::new(Mutex::new(out)),
            events,
            serial: Arc::new(true.into()),
            lowest: Arc::default(),
        }
    }

    /// Writes everything as XML, too.
    pub fn also_to(&self, xml: XmlLog) {
        self.outputs().xml = Some(xml);
    }

    /// Ends the XML: what is said from now on is not in it.
    pub fn end_xml(&self) {
        self.outputs().xml = None;
    }

    /// Leaves out the driver's lines below `level`; what consoles say and failures always show.
    pub fn set_level(&self, level: Level) {
        *self.lowest.lock().unwrap_or_else(PoisonError::into_inner) = level;
    }

    /// One line, with the name of the node it is about.
    pub fn line(&self, node: Option<&str>, text: &str) {
        self.say(Level::Info, node, text);
    }

    /// The same at another level.
    pub fn say(&self, level: Level, node: Option<&str>, text: &str) {
        if !self.shows(level) {
            return;
        }
        self.outputs().xml(|xml| xml.line(node, text));
        self.say_in_text(node, text);
    }

    /// What somebody has to see who does not look at the log: it is an event of its own, too.
    pub fn notice(&self, text: &str) {
        self.say(Level::Error, None, text);
        self.events.message(firn_events::Level::Info, text);
    }

    fn shows(&self, level: Level) -> bool {
        level >= *self.lowest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say_in_text(&self, node: Option<&str>, text: &str) {
        let mut block = String::new();
        for line in text.lines() {
            match node {
                Some(node) => block.push_str(&format!("{node}: {line}\n")),
                None => block.push_str(&format!("{line}\n")),
            }
        }
        self.outputs().text(&block);
    }

    /// A line of a node's console.
    pub fn console(&self, node: &str, line: &str) {
        if self.serial.load(Ordering::Relaxed) {
            let mut outputs = self.outputs();
            outputs.text(&format!("{node} # {line}\n"));
            outputs.xml(|xml| xml.console(node, line));
        }
    }

    /// Turns console lines on or off.
    pub fn show_console(&self, on: bool) {
        self.serial.store(on, Ordering::Relaxed);
    }

    /// A failure, each line marked.
    pub fn failure(&self, text: &str) {
        let block: String = text.lines().map(|line| format!("!!! {line}\n")).collect();
        let mut outputs = self.outputs();
        outputs.text(&block);
        outputs.xml(|xml| xml.line(None, text));
    }

    /// Begins a step; dropping the result without `end` counts as failed.
    pub fn step(&self, node: Option<&str>, text: &str) -> Step {
        if self.shows(Level::Info) {
            self.say_in_text(node, text);
        }
        self.outputs().xml(|xml| xml.begin_step(node, text));
        let full = node.map_or_else(|| text.to_string(), |node| format!("{node}: {text}"));
        let span = self.events.start(Activity::Step { text: first_line(&full) });
        Step {
            log: self.clone(),
            node: node.map(String::from),
            text: text.into(),
            span,
            since: Instant::now(),
            _nest: Nest(self.clone()),
        }
    }

    /// The same log, with events below another activity.
    pub fn below(&self, events: &Reporter) -> Self {
        Self { events: events.clone(), ..self.clone() }
    }

    /// The sender of events.
    pub fn events(&self) -> &Reporter {
        &self.events
    }

    fn outputs(&self) -> MutexGuard<'_, Outputs> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() < text.trim_end().len() { format!("{line} …") } else { line.to_string() }
}

/// A running step.
pub struct Step {
    log: Log,
    node: Option<String>,
    text: String,
    span: Span,
    since: Instant,
    _nest: Nest,
}

/// An element of the log as XML, closed when this is dropped.
struct Nest(Log);

impl Drop for Nest {
    fn drop(&mut self) {
        self.0.outputs().xml(XmlLog::end_step);
    }
}

impl Step {
    /// Ends it well.
    pub fn end(self) {
        let seconds = self.since.elapsed().as_secs_f64();
        let text = format!("(finished: {}, in {seconds:.2} seconds)", first_line(&self.text));
        self.log.line(self.node.as_deref(), &text);
        self.span.stop(Outcome::Ok, Some(millis(self.since)));
    }

    /// Ends it with a failure.
    pub fn fail(self, message: &str) {
        let outcome = Outcome::Failed { message: first_line(message) };
        self.span.stop(outcome, Some(millis(self.since)));
    }
}

pub(crate) fn millis(since: Instant) -> u64 {
    since.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}
