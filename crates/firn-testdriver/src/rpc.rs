//! The script's side: a unix socket to the Python process, one JSON value a line.
//!
//! | from Python | to Python |
//! | --- | --- |
//! | `{"call": NAME, "node": …, "args": […], "kwargs": {…}, "line": N, "conditions": bool}` | any number of `{"ask": …}`, each answered by `{"answer": …}`; then `{"result": …}` or `{"error": {"class", "message"}}` |
//! | `{"begin": TEXT, "node": …, "subtest": bool}` | `{"result": ID}` |
//! | `{"end": ID, "error": TEXT or null}` | `{"result": null}` |
//! | `{"hello": true}` | `{"result": …}`: what the script needs to know |
//! | `{"finish": {…}}` | `{"result": null}`: how the script ended |
//!
//! Each Python thread has a connection of its own, and a call inside the answer to a question opens another,
//! so every connection is strictly question and answer.

use crate::api::{Request, Script, describe, perform};
use crate::config::ForwardPort;
use crate::driver::Driver;
use crate::failure::{Failure, Outcome};
use crate::log::Step;
use crate::node::Node;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How the script ended.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Ending {
    /// True when it ran to its end.
    pub ok: bool,
    /// Name of the exception's class.
    pub class: String,
    /// Its text.
    pub message: String,
    /// The script's own frames, outermost first.
    pub frames: Vec<ScriptFrame>,
    /// The whole traceback, for what is no failed expectation.
    pub traceback: String,
}

/// A place in the script.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct ScriptFrame {
    /// Line, from 1.
    pub line: u32,
    /// Function, or `<module>`.
    pub function: String,
    /// The line's text.
    pub source: String,
}

/// Serves the script of one test.
pub struct Server {
    driver: Arc<Driver>,
    state: Mutex<State>,
    changed: Condvar,
    next_step: AtomicU64,
    mode: Mode,
}

/// What the Python process shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Run the script.
    Run,
    /// Offer a prompt.
    Interactive,
}

#[derive(Default)]
struct State {
    ending: Option<Ending>,
    gone: bool,
    /// Open connections.
    connections: u32,
    /// What is under way, for the report when time runs out.
    running: BTreeMap<u64, (String, Option<u32>)>,
}

impl Server {
    /// Listens on `listener` for the test of `driver`.
    pub fn start(driver: Arc<Driver>, listener: UnixListener, mode: Mode) -> Arc<Self> {
        let server = Arc::new(Self {
            driver,
            state: Mutex::default(),
            changed: Condvar::new(),
            next_step: AtomicU64::new(1),
            mode,
        });
        let accepting = Arc::downgrade(&server);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(io::Result::ok) {
                let Some(server) = accepting.upgrade() else { break };
                server.lock().connections += 1;
                std::thread::spawn(move || {
                    let _ = server.serve(connection);
                    server.lock().connections -= 1;
                    server.changed.notify_all();
                });
            }
        });
        server
    }

    /// Waits until the script says how it ended, its process is gone, or `limit` passes (`None`).
    pub fn wait(&self, limit: Duration) -> Option<Ending> {
        let until = Instant::now().checked_add(limit);
        let mut state = self.lock();
        while state.ending.is_none() && !state.gone {
            let left = until.map_or(limit, |until| until.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let gone = Ending {
            class: "SystemExit".into(),
            message: "the script's process ended without a word".into(),
            ..Ending::default()
        };
        Some(state.ending.take().unwrap_or(gone))
    }

    /// Tells that the process has ended.
    pub fn process_ended(&self) {
        self.lock().gone = true;
        self.changed.notify_all();
    }

    /// Waits until nothing of the script is under way, now that its process and its machines have ended.
    pub fn drain(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut state = self.lock();
        while state.connections > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The calls under way, each with its line in the script.
    pub fn under_way(&self) -> Vec<(String, Option<u32>)> {
        self.lock().running.values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, connection: UnixStream) -> io::Result<()> {
        let mut line = Line { reader: BufReader::new(connection.try_clone()?), writer: connection };
        let mut steps: HashMap<u64, Step> = HashMap::new();
        while let Some(message) = line.read()? {
            let answer = if message.get("call").is_some() {
                self.call(message, &mut line)
            } else if let Some(text) = message.get("begin").and_then(Value::as_str) {
                let id = self.next_step.fetch_add(1, Ordering::Relaxed);
                let node = message.get("node").and_then(Value::as_str);
                steps.insert(id, self.driver.log.step(node, text));
                Ok(json!(id))
            } else if let Some(id) = message.get("end").and_then(Value::as_u64) {
                match (steps.remove(&id), message.get("error").and_then(Value::as_str)) {
                    (Some(step), Some(error)) => step.fail(error),
                    (Some(step), None) => step.end(),
                    (None, _) => {}
                }
                Ok(Value::Null)
            } else if message.get("hello").is_some() {
                self.hello()
            } else {
                self.finish(message)
            };
            line.write(&match answer {
                Ok(value) => json!({"result": value}),
                Err(failure) => {
                    json!({"error": {"class": failure.class, "message": failure.message}})
                }
            })?;
        }
        Ok(())
    }

    fn call(&self, message: Value, line: &mut Line) -> Outcome<Value> {
        let request: Request = serde_json::from_value(message)
            .map_err(|error| Failure::machine(format!("bad request from the script: {error}")))?;
        let id = self.next_step.fetch_add(1, Ordering::Relaxed);
        let node = request.node.as_deref().map(|node| format!("{node}.")).unwrap_or_default();
        let text = format!("{node}{}", request.call);
        self.lock().running.insert(id, (text, request.line));
        let result = perform(&self.driver, request, line);
        self.lock().running.remove(&id);
        result
    }

    fn hello(&self) -> Outcome<Value> {
        let config = &self.driver.config;
        let script = std::fs::read_to_string(&config.test_script).map_err(|error| {
            Failure::machine(format!("cannot read {}: {error}", config.test_script.display()))
        })?;
        let nodes: Vec<Value> = self.driver.nodes.iter().map(describe_node).collect();
        Ok(json!({
            "name": config.name,
            "mode": match self.mode {
                Mode::Run => "run",
                Mode::Interactive => "interactive",
            },
            "script": script,
            "nodes": nodes,
            "vlans": config.vlans,
            "debug_hook": config.debug_hook,
            "methods": describe(),
            "python_path": config.python_path,
            "out_dir": self.driver.out_dir,
            "tmp_dir": self.driver.folder,
            "shared_dir": crate::shares::shared_folder(&self.driver.folder),
        }))
    }

    fn finish(&self, message: Value) -> Outcome<Value> {
        let ending = message.get("finish").cloned().unwrap_or_default();
        let ending = serde_json::from_value(ending)
            .map_err(|error| Failure::machine(format!("bad message from the script: {error}")))?;
        self.lock().ending = Some(ending);
        self.changed.notify_all();
        Ok(Value::Null)
    }
}

/// What the script needs to know about a node.
pub fn describe_node(node: &Node) -> Value {
    json!({
        "name": node.name,
        "variable": node.variable,
        "backend": node.machine.backend(),
        "state_dir": node.folder,
        "forwarded_ports": forwarded_ports(&node.config.vm.forward_ports),
    })
}

struct Line {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Line {
    fn read(&mut self) -> io::Result<Option<Value>> {
        let mut text = String::new();
        if self.reader.read_line(&mut text)? == 0 {
            return Ok(None);
        }
        Ok(Some(serde_json::from_str(&text)?))
    }

    fn write(&mut self, value: &Value) -> io::Result<()> {
        let mut text = value.to_string();
        text.push('\n');
        self.writer.write_all(text.as_bytes())
    }
}

impl Script for Line {
    fn waits(&self) -> bool {
        let mut fds = [PollFd::new(&self.writer, PollFlags::RDHUP)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !matches!(poll(&mut fds, Some(&now)), Ok(1..))
    }

    fn ask(&mut self, question: Value) -> Outcome<Value> {
        let gone = |_| Failure::machine("the script's process is gone");
        self.write(&question).map_err(gone)?;
        let answer = self.read().map_err(gone)?.unwrap_or_default();
        match answer.get("answer") {
            Some(value) => Ok(value.clone()),
            None => Err(Failure::pending()),
        }
    }
}

/// Forwarded ports in words.
fn forwarded_ports(ports: &[ForwardPort]) -> Vec<String> {
    let words = |port: &ForwardPort| {
        let (host, guest, proto) = (port.host_port, port.guest_port, &port.proto);
        match port.from_guest {
            false => format!("port {host} of the host leads to its {proto} port {guest}"),
            true => format!(
                "its port {guest} of {} leads to port {host} of the host",
                port.guest_address
            ),
        }
    };
    ports.iter().map(words).collect()
}
