//! Events as lines of a log: `@firn {JSON}`.
//!
//! Builders of other origin use `@nix {JSON}` the same way (nixpkgs' stdenv announces its phases
//! so); the one message that matters there, `setPhase`, is understood too.

use crate::{ActivityId, Event, Reporter, Sink};
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// What a line of a build log turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// Text for people.
    Text(&'a str),
    /// A typed event, with the ids of the process that wrote it.
    Event(Event),
    /// `@nix`: the build entered this phase.
    Phase(String),
    /// `@nix`: something that firn has no use for.
    Ignored,
}

const FIRN: &str = "@firn ";
const NIX: &str = "@nix ";

/// One event as a line, without the line end.
pub fn to_line(event: &Event) -> String {
    // Serialising these types can't fail: no maps with odd keys, no custom implementations.
    format!("{FIRN}{}", serde_json::to_string(event).unwrap_or_default())
}

/// Reads one line, given without its end. What looks like an event but is none is text.
pub fn parse_line(line: &str) -> Line<'_> {
    if let Some(json) = line.strip_prefix(FIRN) {
        return serde_json::from_str(json).map_or(Line::Text(line), Line::Event);
    }
    match line.strip_prefix(NIX) {
        Some(json) => parse_nix(json).unwrap_or(Line::Text(line)),
        None => Line::Text(line),
    }
}

fn parse_nix(json: &str) -> Option<Line<'static>> {
    let message: serde_json::Value = serde_json::from_str(json).ok()?;
    let action = message.get("action")?.as_str()?;
    match (action, message.get("phase").and_then(|p| p.as_str())) {
        ("setPhase", Some(phase)) => Some(Line::Phase(phase.to_owned())),
        _ => Some(Line::Ignored),
    }
}

/// A sink that writes every event as a line; for builtin builders, to their standard error.
pub struct LineSink<W>(Mutex<W>);

impl<W: Write + Send> LineSink<W> {
    /// Writes to `out`, one `write` per event.
    pub fn new(out: W) -> Self {
        LineSink(Mutex::new(out))
    }
}

impl<W: Write + Send> Sink for LineSink<W> {
    fn emit(&self, event: Event) {
        let line = to_line(&event) + "\n";
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that can't be written has no reader who would miss it.
        let _ = out.write_all(line.as_bytes());
    }
}

/// Takes events from another process into this one's stream: new ids, and a parent for what has
/// none. Events about activities that were never started there are dropped, for a hostile writer
/// must not touch other activities.
pub struct Import {
    into: Reporter,
    ids: HashMap<ActivityId, ActivityId>,
}

impl Import {
    /// Events go to `into` and below its activity.
    pub fn new(into: Reporter) -> Import {
        Import { into, ids: HashMap::new() }
    }

    /// Takes one event over.
    pub fn event(&mut self, event: Event) {
        match event {
            Event::Start { id, parent, activity } => {
                let new = self.into.next_id();
                let parent = parent.and_then(|p| self.ids.get(&p).copied()).or(self.into.parent());
                self.ids.insert(id, new);
                self.into.emit(Event::Start { id: new, parent, activity });
            }
            Event::Message { id, level, text } => {
                let id = id.and_then(|i| self.ids.get(&i).copied()).or(self.into.parent());
                self.into.emit(Event::Message { id, level, text });
            }
            Event::Stop { id, outcome, millis } => {
                if let Some(id) = self.ids.remove(&id) {
                    self.into.emit(Event::Stop { id, outcome, millis });
                }
            }
            other => self.known(other),
        }
    }

    fn known(&self, event: Event) {
        let mut all_known = true;
        let mapped = event.map_ids(|id| {
            let new = self.ids.get(&id).copied();
            all_known &= new.is_some();
            new.unwrap_or(id)
        });
        if all_known && !matches!(mapped, Event::Expect { .. }) {
            self.into.emit(mapped);
        }
    }
}

impl Drop for Import {
    /// What the other process left open ended with it.
    fn drop(&mut self) {
        for id in std::mem::take(&mut self.ids).into_values() {
            self.into.emit(Event::Stop { id, outcome: crate::Outcome::Cancelled, millis: None });
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{Activity, Collect, Level, Outcome};
    use std::sync::Arc;

    fn start(id: u64) -> Event {
        let activity = Activity::Step { text: "wait".into() };
        Event::Start { id: ActivityId(id), parent: None, activity }
    }

    #[test]
    fn golden_lines() {
        let id = ActivityId(3);
        let cases = [
            (
                start(3),
                r#"@firn {"event":"start","id":3,"activity":{"kind":"step","text":"wait"}}"#,
            ),
            (
                Event::Progress { id, done: 5, expected: 9 },
                r#"@firn {"event":"progress","id":3,"done":5,"expected":9}"#,
            ),
            (
                Event::Stop { id, outcome: Outcome::Ok, millis: Some(12) },
                r#"@firn {"event":"stop","id":3,"outcome":"ok","millis":12}"#,
            ),
            (
                Event::Stop { id, outcome: Outcome::Failed { message: "no".into() }, millis: None },
                r#"@firn {"event":"stop","id":3,"outcome":"failed","message":"no"}"#,
            ),
            (
                Event::Message { id: None, level: Level::Warning, text: "hm".into() },
                r#"@firn {"event":"message","level":"warning","text":"hm"}"#,
            ),
        ];
        for (event, line) in cases {
            assert_eq!(to_line(&event), line);
            assert_eq!(parse_line(line), Line::Event(event));
        }
    }

    #[test]
    fn other_lines() {
        let phase = r#"@nix { "action": "setPhase", "phase": "buildPhase" }"#;
        assert_eq!(parse_line(phase), Line::Phase("buildPhase".into()));
        assert_eq!(parse_line(r#"@nix {"action":"msg"}"#), Line::Ignored);
        for text in ["", "hello", "@firn", "@firn {", "@firn {}", "@nix nonsense", "@nix []"] {
            assert_eq!(parse_line(text), Line::Text(text));
        }
    }

    #[test]
    fn import_gives_new_ids_and_closes_what_is_left() {
        let sink = Arc::new(Collect::default());
        let reporter = Reporter::new(sink.clone());
        let build = reporter.start(Activity::Work { text: "outer".into() });
        let mut import = Import::new(build.reporter().clone());
        import.event(start(1));
        import.event(Event::Progress { id: ActivityId(99), done: 1, expected: 0 });
        import.event(Event::Log { id: ActivityId(1), line: "x".into() });
        drop(import);
        let events = sink.take();
        let ours = ActivityId(2);
        assert_eq!(
            events[1],
            Event::Start {
                id: ours,
                parent: Some(build.id()),
                activity: Activity::Step { text: "wait".into() }
            }
        );
        assert_eq!(events[2], Event::Log { id: ours, line: "x".into() });
        let last = Event::Stop { id: ours, outcome: Outcome::Cancelled, millis: None };
        assert_eq!(&events[3..], &[last]);
    }
}
