//! QEMU's control protocol: one JSON value a line, answers by id, events in between.
//!
//! Specification: QEMU manual, "QEMU Machine Protocol Specification".

use crate::error::{Context, ErrorKind, MachineError, Result};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Events kept for those who ask later.
const EVENTS_KEPT: usize = 1000;
/// How long QEMU may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(120);

/// One line from QEMU.
#[derive(Debug, PartialEq)]
pub enum QmpMessage {
    /// The greeting.
    Greeting,
    /// An answer: its id, and the value or the description of the error.
    Answer(u64, std::result::Result<Value, String>),
    /// An event.
    Event(Value),
    /// Anything else.
    Other,
}

impl QmpMessage {
    /// Reads a line; what is no message at all is [`QmpMessage::Other`].
    pub fn parse(line: &str) -> Self {
        let Ok(mut value) = serde_json::from_str::<Value>(line) else { return Self::Other };
        if value.get("QMP").is_some() {
            return Self::Greeting;
        }
        if value.get("event").is_some() {
            return Self::Event(value);
        }
        let Some(id) = value.get("id").and_then(Value::as_u64) else { return Self::Other };
        if let Some(error) = value.get("error") {
            let text = error.get("desc").and_then(Value::as_str).unwrap_or("unknown error");
            return Self::Answer(id, Err(text.to_string()));
        }
        match value.get_mut("return") {
            Some(result) => Self::Answer(id, Ok(result.take())),
            None => Self::Other,
        }
    }
}

/// A connection to one QEMU.
pub struct QmpClient {
    writer: Mutex<UnixStream>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    greeted: bool,
    answers: HashMap<u64, std::result::Result<Value, String>>,
    events: VecDeque<Value>,
    /// Who wants to know of resets.
    resets: Option<Sender<()>>,
    /// Whether it is the driver itself that lets the machine pause.
    pauses_hidden: bool,
    closed: bool,
}

impl QmpClient {
    /// Takes over a connection and enters command mode.
    pub fn new(stream: UnixStream) -> Result<Self> {
        let reader = BufReader::new(stream.try_clone()?);
        let shared = Arc::new(Shared::default());
        let receiving = shared.clone();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(std::result::Result::ok) {
                receiving.take(QmpMessage::parse(&line));
            }
            let mut state = receiving.lock();
            state.closed = true;
            state.resets = None;
            drop(state);
            receiving.changed.notify_all();
        });
        let client = Self { writer: Mutex::new(stream), shared };
        client.wait(|state| state.greeted.then_some(()))?;
        client.command("qmp_capabilities", Value::Null)?;
        Ok(client)
    }

    /// Runs a command.
    ///
    /// Errors: QEMU's own description when it refuses; `Gone` when it has ended.
    pub fn command(&self, name: &str, arguments: Value) -> Result<Value> {
        let id = {
            let mut state = self.shared.lock();
            state.next += 1;
            state.next
        };
        let mut message = json!({"execute": name, "id": id});
        if !arguments.is_null() {
            message["arguments"] = arguments;
        }
        let mut line = message.to_string();
        line.push('\n');
        let sent = {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer.write_all(line.as_bytes())
        };
        sent.doing(|| format!("cannot send '{name}' to QEMU"))?;
        self.wait(|state| state.answers.remove(&id))?
            .map_err(|text| MachineError::new(ErrorKind::Failed, format!("QEMU: {name}: {text}")))
    }

    /// Waits for the first event not given before that `matches`; others are dropped.
    pub fn wait_event(
        &self,
        limit: Duration,
        matches: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<Value> {
        let until = Instant::now() + limit;
        loop {
            let event = self.next_event(until)?;
            if matches(&event) {
                return Ok(event);
            }
        }
    }

    /// Tells of each reset from now on, until QEMU ends.
    pub fn resets(&self) -> Receiver<()> {
        let (sender, receiver) = channel();
        let mut state = self.shared.lock();
        state.resets = Some(sender).filter(|_| !state.closed);
        receiver
    }

    /// Whether events of the machine's standing still and going on are left out.
    pub fn hide_pauses(&self, hide: bool) {
        self.shared.lock().pauses_hidden = hide;
    }

    fn next_event(&self, until: Instant) -> Result<Value> {
        self.wait_until(until, |state| state.events.pop_front())
    }

    fn wait<T>(&self, take: impl FnMut(&mut State) -> Option<T>) -> Result<T> {
        self.wait_until(Instant::now() + ANSWER_LIMIT, take)
    }

    fn wait_until<T>(
        &self,
        until: Instant,
        mut take: impl FnMut(&mut State) -> Option<T>,
    ) -> Result<T> {
        let mut state = self.shared.lock();
        loop {
            if let Some(value) = take(&mut state) {
                return Ok(value);
            }
            if state.closed {
                return Err(MachineError::gone("QEMU has ended"));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(MachineError::timeout("QEMU does not answer, or no such event came"));
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, message: QmpMessage) {
        let mut state = self.lock();
        match message {
            QmpMessage::Greeting => state.greeted = true,
            QmpMessage::Answer(id, result) => drop(state.answers.insert(id, result)),
            QmpMessage::Event(event) => {
                let name = event.get("event").and_then(Value::as_str).unwrap_or_default();
                if state.pauses_hidden && matches!(name, "STOP" | "RESUME") {
                    return;
                }
                if let ("RESET", Some(resets)) = (name, &state.resets) {
                    let _ = resets.send(());
                }
                state.events.push_back(event);
                if state.events.len() > EVENTS_KEPT {
                    state.events.pop_front();
                }
            }
            QmpMessage::Other => {}
        }
        drop(state);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines() {
        let cases = [
            (r#"{"QMP": {"version": {}, "capabilities": []}}"#, QmpMessage::Greeting),
            (r#"{"return": {"a": 1}, "id": 3}"#, QmpMessage::Answer(3, Ok(json!({"a": 1})))),
            (
                r#"{"id": 4, "error": {"class": "GenericError", "desc": "no"}}"#,
                QmpMessage::Answer(4, Err("no".into())),
            ),
            (r#"{"event": "STOP"}"#, QmpMessage::Event(json!({"event": "STOP"}))),
            ("nonsense", QmpMessage::Other),
            (r#"{"return": {}}"#, QmpMessage::Other),
        ];
        for (line, message) in cases {
            assert_eq!(QmpMessage::parse(line), message, "{line}");
        }
    }

    /// Answers as QEMU does: events between a command and its answer, then the end.
    fn fake(stream: UnixStream) {
        let mut writer = stream.try_clone().unwrap();
        writer.write_all(b"{\"QMP\": {}}\n").unwrap();
        for line in BufReader::new(stream).lines() {
            let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
            let id = &message["id"];
            let answer = match message["execute"].as_str().unwrap() {
                "quit" => return,
                "bad" => json!({"id": id, "error": {"desc": "refused"}}),
                name => json!({"id": id, "return": {"did": name, "with": message["arguments"]}}),
            };
            let event = json!({"event": "SEEN", "data": {"id": id}});
            writer.write_all(format!("{event}\n{answer}\n").as_bytes()).unwrap();
        }
    }

    #[test]
    fn commands_events_and_the_end() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let qemu = std::thread::spawn(move || fake(theirs));
        let client = QmpClient::new(ours).unwrap();
        let result = client.command("query", json!({"x": 1})).unwrap();
        assert_eq!(result, json!({"did": "query", "with": {"x": 1}}));
        let refused = client.command("bad", Value::Null).unwrap_err();
        assert!(refused.message.contains("refused"));
        let mut third = |event: &Value| event["data"]["id"] == json!(3);
        client.wait_event(Duration::from_secs(10), &mut third).unwrap();
        assert_eq!(client.command("quit", Value::Null).unwrap_err().kind, ErrorKind::Gone);
        qemu.join().unwrap();
    }
}
