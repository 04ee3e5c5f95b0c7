//! Events as the records that the reference writes with `--log-format internal-json` and to `json-log-path`, which
//! programs around Nix read: an action a line (its `logging.hh` lists kinds of activities and results).

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;

use firn_events::{Activity, ActivityId, Event, Level};
use serde_json::{Value, json};

use super::lines::{describe_activity, retry};

/// Kinds of activities.
const UNKNOWN: u64 = 0;
const COPY_PATH: u64 = 100;
const FILE_TRANSFER: u64 = 101;
const BUILDS: u64 = 104;
const BUILD: u64 = 105;

/// Kinds of results.
const LOG_LINE: u64 = 101;
const SET_PHASE: u64 = 104;
const PROGRESS: u64 = 105;
const SET_EXPECTED: u64 = 106;

/// How much a message matters.
const ERROR: u64 = 0;
const WARNING: u64 = 1;
const INFO: u64 = 3;
const TALKATIVE: u64 = 4;
const CHATTY: u64 = 5;

/// The activity of all builds together; no event has this id.
const ALL_BUILDS: u64 = u64::MAX >> 1;

/// Writes records.
pub struct JsonLog {
    out: Box<dyn Write + Send>,
    prefix: &'static str,
    /// Whether the activity of all builds has begun.
    builds: bool,
}

impl JsonLog {
    /// To standard error, each line with the mark by which readers know it.
    pub fn stderr() -> JsonLog {
        JsonLog { out: Box::new(io::stderr()), prefix: "@nix ", builds: false }
    }

    /// To the end of a file, or to a socket.
    ///
    /// # Errors
    /// It can't be opened.
    pub fn to(path: &Path) -> io::Result<JsonLog> {
        let is_socket = std::fs::metadata(path).is_ok_and(|data| data.file_type().is_socket());
        let out: Box<dyn Write + Send> = match is_socket {
            true => Box::new(UnixStream::connect(path)?),
            false => Box::new(OpenOptions::new().create(true).append(true).mode(0o644).open(path)?),
        };
        Ok(JsonLog { out, prefix: "", builds: false })
    }

    /// Writes what an event is there; `chatty` takes what is told to those who look for a fault.
    pub fn event(&mut self, event: &Event, chatty: bool) {
        if let Event::Start { activity: Activity::Build { .. }, .. } | Event::Expect { .. } = event
        {
            self.begin_builds();
        }
        for record in records(event, chatty) {
            self.write(&record);
        }
    }

    /// Writes a message for people.
    pub fn message(&mut self, text: &str, level: Level) {
        self.write(&message(text, level));
    }

    fn begin_builds(&mut self) {
        if !std::mem::replace(&mut self.builds, true) {
            self.write(&start(ALL_BUILDS, 0, 5, String::new(), BUILDS, json!([])));
        }
    }

    fn write(&mut self, record: &Value) {
        // Who reads is gone when this fails; work goes on.
        let _ = self.out.write_all(format!("{}{record}\n", self.prefix).as_bytes());
    }
}

/// A failure as a record, without the end of the line.
pub fn failure(text: &str) -> String {
    format!("@nix {}", message(text, Level::Error))
}

fn message(text: &str, level: Level) -> Value {
    let number = match level {
        Level::Error => ERROR,
        Level::Warning => WARNING,
        Level::Info => INFO,
        Level::Debug => CHATTY,
    };
    match level {
        Level::Error => {
            let raw = text.strip_prefix("error: ").unwrap_or(text);
            json!({ "action": "msg", "level": number, "msg": text, "raw_msg": raw })
        }
        Level::Warning => {
            json!({ "action": "msg", "level": number, "msg": format!("warning: {text}") })
        }
        _ => json!({ "action": "msg", "level": number, "msg": text }),
    }
}

/// The keys stand in the order of the alphabet, as there.
fn start(id: u64, parent: u64, level: u64, text: String, kind: u64, fields: Value) -> Value {
    let mut record = json!({ "action": "start" });
    if fields.as_array().is_some_and(|fields| !fields.is_empty()) {
        record["fields"] = fields;
    }
    for (name, number) in [("id", id), ("level", level), ("parent", parent)] {
        record[name] = number.into();
    }
    record["text"] = text.into();
    record["type"] = kind.into();
    record
}

fn result(id: u64, kind: u64, fields: Value) -> Value {
    json!({ "action": "result", "fields": fields, "id": id, "type": kind })
}

fn records(event: &Event, chatty: bool) -> Vec<Value> {
    let one = |record| vec![record];
    match event {
        Event::Start { id, parent, activity } => one(started(*id, *parent, activity)),
        Event::Stop { id, .. } => one(json!({ "action": "stop", "id": id.0 })),
        Event::Progress { id, done, expected } => {
            one(result(id.0, PROGRESS, json!([done, expected, 0, 0])))
        }
        Event::Phase { id, name } => one(result(id.0, SET_PHASE, json!([name]))),
        Event::Log { id, line } => one(result(id.0, LOG_LINE, json!([line]))),
        Event::Retry { why, attempt, of, millis, .. } => {
            one(message(&retry(why, *attempt, *of, *millis), Level::Warning))
        }
        Event::Expect { builds, fetches, .. } => vec![
            result(ALL_BUILDS, SET_EXPECTED, json!([BUILD, builds])),
            result(ALL_BUILDS, SET_EXPECTED, json!([FILE_TRANSFER, fetches])),
        ],
        Event::Message { level: Level::Debug, .. } if !chatty => Vec::new(),
        Event::Message { level, text, .. } => one(message(text, *level)),
        Event::Ready { .. } => Vec::new(),
    }
}

fn started(id: ActivityId, parent: Option<ActivityId>, activity: &Activity) -> Value {
    let text = describe_activity(activity);
    let (kind, level, fields) = match activity {
        Activity::Build { drv, .. } => (BUILD, INFO, json!([drv, "", 1, 1])),
        Activity::Fetch { url, .. } => (FILE_TRANSFER, TALKATIVE, json!([url])),
        Activity::Substitute { path, from } => (COPY_PATH, INFO, json!([path, from, ""])),
        Activity::Test { .. } | Activity::Node { .. } | Activity::Step { .. } => {
            (UNKNOWN, INFO, json!([]))
        }
        _ => (UNKNOWN, TALKATIVE, json!([])),
    };
    let text = match activity {
        Activity::Build { .. } => text.trim_end_matches("...").to_owned(),
        Activity::Fetch { url, .. } => format!("downloading '{url}'"),
        _ => text,
    };
    start(id.0, parent.map_or(0, |parent| parent.0), level, text, kind, fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_the_references() {
        let id = ActivityId(7);
        let activity = Activity::Build { drv: "/s/x.drv".into(), name: "x".into(), check: false };
        let fetch = Activity::Fetch { url: "http://h/f".into(), name: "f".into() };
        let cases = [
            (
                Event::Start { id, parent: None, activity },
                r#"{"action":"start","fields":["/s/x.drv","",1,1],"id":7,"level":3,"parent":0,"text":"building '/s/x.drv'","type":105}"#,
            ),
            (
                Event::Start { id, parent: Some(ActivityId(2)), activity: fetch },
                r#"{"action":"start","fields":["http://h/f"],"id":7,"level":4,"parent":2,"text":"downloading 'http://h/f'","type":101}"#,
            ),
            (
                Event::Log { id, line: "a \"b\"".into() },
                r#"{"action":"result","fields":["a \"b\""],"id":7,"type":101}"#,
            ),
            (
                Event::Progress { id, done: 1, expected: 2 },
                r#"{"action":"result","fields":[1,2,0,0],"id":7,"type":105}"#,
            ),
            (
                Event::Message { id: None, level: Level::Warning, text: "odd".into() },
                r#"{"action":"msg","level":1,"msg":"warning: odd"}"#,
            ),
        ];
        for (event, wanted) in cases {
            let found: Vec<_> = records(&event, false).iter().map(Value::to_string).collect();
            assert_eq!(found, [wanted]);
        }
        let debug = Event::Message { id: None, level: Level::Debug, text: String::new() };
        assert!(records(&debug, false).is_empty());
        let wanted = r#"@nix {"action":"msg","level":0,"msg":"error: no","raw_msg":"no"}"#;
        assert_eq!(failure("error: no"), wanted);
    }
}
