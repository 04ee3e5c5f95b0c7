//! The driver's side of the agent: requests from any number of threads over one connection.

use super::files::{Part, TreeWriter, walk};
use super::frame::{CHUNK, Decoder, Frame, Incoming, Kind, SYNC};
use super::message::{Done, Entry, Hello, Probe, Request};
use crate::console::LineListener;
use crate::error::{Context, MachineError, Result};
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often a request looks whether somebody still waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How often a waiting driver asks whether the agent is alive.
const PING_EVERY: Duration = Duration::from_secs(10);
/// After how much silence the machine counts as stuck. Long, because an emulated machine on a loaded host
/// may stand still for many seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(180);
/// What the driver grants beyond a limit that the agent watches.
const HOST_GRACE: Duration = Duration::from_secs(60);
/// How often a connection is looked for that is not there yet, if nobody tells.
const GREET_PAUSE: Duration = Duration::from_millis(5);
/// How many lines of standard error are kept for who asked.
const ERROR_LINES: usize = 20;
/// Random bytes for a resumed machine.
const ENTROPY_BYTES: usize = 64;

/// What a command gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutput {
    /// Exit status, 124 after a timeout.
    pub status: i32,
    /// Standard output.
    pub output: Vec<u8>,
    /// The last lines of standard error.
    pub errors: Vec<String>,
    /// Trouble in the agent, as a sentence (output held open by a background process).
    pub error: Option<String>,
    /// True when the time limit ended it.
    pub timed_out: bool,
}

/// A channel to the agent of one machine; it outlives restarts of the machine.
pub struct AgentClient {
    name: String,
    shared: Mutex<Shared>,
    changed: Condvar,
    talk: LineListener,
    /// Frames of different threads must not mix on the wire.
    write_order: Mutex<()>,
}

#[derive(Default)]
struct Shared {
    connection: Option<UnixStream>,
    hello: Option<Hello>,
    streams: HashMap<u32, Sender<Frame>>,
    /// How often an agent has greeted.
    greetings: u64,
    next_stream: u32,
    last_heard: Option<Instant>,
    closed: Option<String>,
    /// Counts connections, so that the end of an old one does not end the newest.
    connections: u64,
    run: Run,
}

/// One start of a machine, until it is off.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Run(u64);

impl AgentClient {
    /// Listens on `socket` for the agent of machine `name`.
    pub fn listen(name: &str, socket: &Path, talk: LineListener) -> Result<Arc<Self>> {
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket)
            .doing(|| format!("cannot listen on {}", socket.display()))?;
        let client = Arc::new(Self {
            name: name.to_string(),
            shared: Mutex::default(),
            changed: Condvar::new(),
            talk,
            write_order: Mutex::new(()),
        });
        let weak = Arc::downgrade(&client);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(io::Result::ok) {
                let Some(client) = weak.upgrade() else { break };
                client.take(connection);
            }
        });
        Ok(client)
    }

    fn take(self: Arc<Self>, connection: UnixStream) {
        let Ok(mut reader) = connection.try_clone() else { return };
        let number = self.connected(connection);
        let weak = Arc::downgrade(&self);
        drop(self);
        std::thread::spawn(move || {
            let mut decoder = Decoder::new();
            let mut buffer = vec![0; CHUNK];
            while let Ok(count) = reader.read(&mut buffer) {
                let Some(client) = weak.upgrade() else { return };
                if count == 0 {
                    break;
                }
                decoder.push(&buffer[..count]);
                while let Some(incoming) = decoder.take() {
                    client.incoming(incoming);
                }
            }
            if let Some(client) = weak.upgrade() {
                client.disconnected(number);
            }
        });
    }

    fn connected(&self, connection: UnixStream) -> u64 {
        let mut shared = self.lock();
        shared.connection = Some(connection);
        shared.connections += 1;
        self.changed.notify_all();
        shared.connections
    }

    fn incoming(&self, incoming: Incoming) {
        let mut shared = self.lock();
        shared.last_heard = Some(Instant::now());
        match incoming {
            Incoming::Sync => {
                shared.streams.clear();
                shared.hello = None;
                if let Some(connection) = &mut shared.connection {
                    let _ = connection.write_all(SYNC);
                }
            }
            Incoming::Frame(frame) if frame.kind == Kind::Hello => {
                shared.hello = serde_json::from_slice(&frame.payload).ok();
                shared.greetings += 1;
                self.changed.notify_all();
            }
            Incoming::Frame(frame) if frame.kind == Kind::Notice => {
                drop(shared);
                (self.talk)(&format!("warning: {}", String::from_utf8_lossy(&frame.payload)));
            }
            Incoming::Frame(frame) => {
                let ended = frame.kind == Kind::Done;
                let id = frame.stream;
                if let Some(stream) = shared.streams.get(&id) {
                    let _ = stream.send(frame);
                }
                if ended {
                    shared.streams.remove(&id);
                }
            }
        }
    }

    fn disconnected(&self, number: u64) {
        let mut shared = self.lock();
        if shared.connections != number {
            return;
        }
        shared.connection = None;
        shared.hello = None;
        shared.streams.clear();
        self.changed.notify_all();
    }

    /// Marks the machine as gone: waiting callers get `reason`. Nothing happens when another run has begun since.
    pub fn close(&self, run: Run, reason: &str) {
        let mut shared = self.lock();
        if shared.run != run {
            return;
        }
        shared.closed = Some(reason.to_string());
        shared.hello = None;
        if let Some(connection) = shared.connection.take() {
            let _ = connection.shutdown(std::net::Shutdown::Both);
        }
        shared.streams.clear();
        self.changed.notify_all();
    }

    /// The machine is about to start (again).
    pub fn reopen(&self) -> Run {
        let mut shared = self.lock();
        shared.closed = None;
        shared.hello = None;
        shared.run.0 += 1;
        shared.run
    }

    /// The machine is about to restart: waits begin anew with the next greeting.
    pub fn expect_restart(&self) {
        let mut shared = self.lock();
        shared.hello = None;
        shared.streams.clear();
    }

    /// How often an agent has greeted, over all restarts.
    pub fn greetings(&self) -> u64 {
        self.lock().greetings
    }

    /// As [`Self::expect_restart`], unless an agent has greeted since there were so many greetings: then that was the
    /// restart.
    pub fn expect_restart_since(&self, greetings: u64) {
        let mut shared = self.lock();
        if shared.greetings == greetings {
            shared.hello = None;
            shared.streams.clear();
        }
    }

    /// True when the agent has greeted and not gone.
    pub fn is_connected(&self) -> bool {
        self.lock().hello.is_some()
    }

    /// The kernel's own name of the boot in which the agent that has greeted runs.
    pub fn boot_id(&self) -> Option<String> {
        self.lock().hello.as_ref().map(|hello| hello.boot_id.clone())
    }

    /// Waits until the agent has greeted.
    ///
    /// Errors: `Timeout` after `limit`, `Gone` when the machine ended first.
    pub fn wait_connected(&self, limit: Duration) -> Result<Hello> {
        let until = Instant::now() + limit;
        let mut shared = self.lock();
        loop {
            if let Some(hello) = &shared.hello {
                return Ok(hello.clone());
            }
            if let Some(reason) = &shared.closed {
                return Err(MachineError::gone(format!("{}: {reason}", self.name)));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(MachineError::timeout(format!(
                    "{}: no word from the agent inside the machine after {} s",
                    self.name,
                    limit.as_secs()
                )));
            }
            let waited = self.changed.wait_timeout(shared, left);
            shared = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Runs a command and waits for its end.
    ///
    /// Standard error goes line by line to the talk sink. `timeout` is watched inside the machine (status
    /// 124); the driver adds a grace period and then calls the machine stuck.
    pub fn exec(&self, command: &str, timeout: Option<Duration>) -> Result<ExecOutput> {
        self.exec_while(command, timeout, &|| true)
    }

    /// The same as long as it is `wanted`; the command is ended as soon as it is not.
    pub fn exec_while(
        &self,
        command: &str,
        timeout: Option<Duration>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<ExecOutput> {
        let timeout_ms = timeout.map(|limit| limit.as_millis().try_into().unwrap_or(u64::MAX));
        let mut stream = self.open(&Request::Exec { command: command.into(), timeout_ms })?;
        stream.limit = timeout.and_then(|limit| Instant::now().checked_add(limit + HOST_GRACE));
        let mut output = Vec::new();
        let errors = Arc::new(Mutex::new(VecDeque::new()));
        let mut talk = LineCutter::new(self.heard_by(errors.clone()));
        let done = stream.run_while(wanted, |frame| {
            match frame.kind {
                Kind::Out => output.extend_from_slice(&frame.payload),
                Kind::Err => talk.add(&frame.payload),
                _ => {}
            }
            Ok(())
        })?;
        talk.end();
        let Done { status, error, timed_out } = done;
        let errors = std::mem::take(&mut *errors.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(ExecOutput { status, output, errors: errors.into(), error, timed_out })
    }

    /// The talk sink, which also keeps the last lines.
    fn heard_by(&self, kept: Arc<Mutex<VecDeque<String>>>) -> LineListener {
        let talk = self.talk.clone();
        Arc::new(move |line: &str| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == ERROR_LINES {
                kept.pop_front();
            }
            kept.push_back(line.to_string());
            talk(line);
        })
    }

    /// Waits inside the machine until `probe` holds (or ceases to); false when the time is over.
    pub fn wait_probe(&self, probe: Probe, holds: bool, timeout: Duration) -> Result<bool> {
        let timeout_ms = timeout.as_millis().try_into().unwrap_or(u64::MAX);
        let mut stream = self.open(&Request::Wait { probe, holds, timeout_ms })?;
        stream.limit = Instant::now().checked_add(timeout + HOST_GRACE);
        Ok(self.succeed(stream.run(|_| Ok(()))?, true)?.status == 0)
    }

    /// Copies a file or folder of the driver into the machine.
    pub fn put(&self, source: &Path, target: &str) -> Result<()> {
        let stream = self.open(&Request::Put { target: target.into() })?;
        let sent = walk(source, &mut |part| match part {
            Part::Entry(entry) => stream.send(Kind::Item, serde_json::to_vec(&entry)?),
            Part::Data(bytes) => {
                bytes.chunks(CHUNK).try_for_each(|chunk| stream.send(Kind::In, chunk.to_vec()))
            }
        });
        if let Err(error) = sent {
            let _ = stream.send(Kind::Cancel, Vec::new());
            return Err(error).doing(|| format!("cannot copy {} to {target}", source.display()));
        }
        stream.send(Kind::InEnd, Vec::new())?;
        self.succeed(stream.run(|_| Ok(()))?, false).map(drop)
    }

    /// Copies a file or folder of the machine to the driver.
    pub fn get(&self, source: &str, target: PathBuf) -> Result<()> {
        let stream = self.open(&Request::Get { source: source.into() })?;
        let mut writer = TreeWriter::new(target);
        let done = stream.run(|frame| match frame.kind {
            Kind::Item => writer.entry(serde_json::from_slice::<Entry>(&frame.payload)?),
            Kind::Out => writer.data(&frame.payload),
            _ => Ok(()),
        })?;
        self.succeed(done, false)?;
        writer.finish().doing(|| format!("cannot copy {source}"))
    }

    /// Asks the agent of a resumed machine, which greeted another driver, to greet this one.
    ///
    /// # Errors
    /// `Timeout` when it has not after `limit`, `Gone` when the machine ended first.
    pub fn greet_again(&self, limit: Duration) -> Result<Hello> {
        let until = Instant::now() + limit;
        let mut shared = self.lock();
        while shared.connection.is_none() && shared.closed.is_none() && Instant::now() < until {
            let waited = self.changed.wait_timeout(shared, GREET_PAUSE);
            shared = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if let Some(connection) = &mut shared.connection {
            let again = Frame { stream: 0, kind: Kind::Hello, payload: Vec::new() };
            let bytes = [SYNC.as_slice(), &again.encode()].concat();
            connection.write_all(&bytes).doing(|| format!("{}: cannot greet", self.name))?;
        }
        drop(shared);
        self.wait_connected(until.saturating_duration_since(Instant::now()))
    }

    /// Gives a resumed machine the driver's clock, random numbers and an identity of its own.
    ///
    /// # Errors
    /// What could not be renewed.
    pub fn renew(&self) -> Result<()> {
        let mut random = [0u8; ENTROPY_BYTES];
        let source = std::fs::File::open("/dev/urandom");
        source
            .and_then(|mut file| file.read_exact(&mut random))
            .doing(|| "cannot read random numbers".into())?;
        let entropy = data_encoding::HEXLOWER.encode(&random);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let unix_nanos = now.map(|time| time.as_nanos() as u64).unwrap_or_default();
        let mut stream = self.open(&Request::Renew { unix_nanos, entropy })?;
        stream.limit = Instant::now().checked_add(HOST_GRACE);
        self.succeed(stream.run(|_| Ok(()))?, false).map(drop)
    }

    /// Opens an interactive shell; the caller pumps both directions.
    pub fn shell(&self, columns: u16, rows: u16) -> Result<AgentStream<'_>> {
        self.open(&Request::Shell { columns, rows })
    }

    fn succeed(&self, done: Done, status_too: bool) -> Result<Done> {
        match &done.error {
            Some(error) => Err(MachineError::new(
                crate::error::ErrorKind::Failed,
                format!("{}: {error}", self.name),
            )),
            None if done.status == 0 || status_too => Ok(done),
            None => Err(MachineError::gone(format!("{}: status {}", self.name, done.status))),
        }
    }

    fn open(&self, request: &Request) -> Result<AgentStream<'_>> {
        let (sender, frames) = channel();
        let mut shared = self.lock();
        if shared.hello.is_none() {
            let why = shared.closed.as_deref().unwrap_or("its agent is not connected");
            return Err(MachineError::gone(format!("{}: {why}", self.name)));
        }
        shared.next_stream = shared.next_stream.wrapping_add(1).max(1);
        let id = shared.next_stream;
        shared.streams.insert(id, sender);
        drop(shared);
        let stream = AgentStream { client: self, id, frames, limit: None };
        let json = serde_json::to_vec(request).doing(|| "cannot encode a request".into())?;
        stream.send(Kind::Open, json)?;
        Ok(stream)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open request.
pub struct AgentStream<'a> {
    client: &'a AgentClient,
    id: u32,
    frames: Receiver<Frame>,
    limit: Option<Instant>,
}

/// The way in of an open request, for another thread than the one that receives.
#[derive(Clone, Copy)]
pub struct AgentInput<'a> {
    client: &'a AgentClient,
    id: u32,
}

impl AgentInput<'_> {
    /// Sends input.
    pub fn input(&self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(CHUNK).try_for_each(|chunk| self.send(Kind::In, chunk.to_vec()))
    }

    /// Ends the input.
    pub fn end_input(&self) -> io::Result<()> {
        self.send(Kind::InEnd, Vec::new())
    }

    fn send(&self, kind: Kind, payload: Vec<u8>) -> io::Result<()> {
        let bytes = Frame { stream: self.id, kind, payload }.encode();
        // A clone, so that a full pipe does not stop the reader, which takes the same lock.
        let writer = {
            let shared = self.client.lock();
            let gone = || io::Error::other("the connection to the machine's agent is gone");
            shared.connection.as_ref().ok_or_else(gone)?.try_clone()?
        };
        let _order = self.client.write_order.lock().unwrap_or_else(PoisonError::into_inner);
        (&writer).write_all(&bytes)
    }
}

impl<'a> AgentStream<'a> {
    /// The way in.
    pub fn input(&self) -> AgentInput<'a> {
        AgentInput { client: self.client, id: self.id }
    }

    fn send(&self, kind: Kind, payload: Vec<u8>) -> io::Result<()> {
        self.input().send(kind, payload)
    }

    /// Receives frames until the stream is done.
    ///
    /// Errors: `Gone` when the agent goes away, `Timeout` when it stays silent too long.
    pub fn run(self, each: impl FnMut(Frame) -> io::Result<()>) -> Result<Done> {
        self.run_while(&|| true, each)
    }

    /// The same as long as it is `wanted`; `Gone` when it is not.
    fn run_while(
        self,
        wanted: &dyn Fn() -> bool,
        mut each: impl FnMut(Frame) -> io::Result<()>,
    ) -> Result<Done> {
        let mut ping = Instant::now() + PING_EVERY;
        loop {
            match self.frames.recv_timeout(LOOK_EVERY) {
                Ok(frame) if frame.kind == Kind::Done => {
                    return serde_json::from_slice(&frame.payload)
                        .doing(|| "cannot read the agent's answer".into());
                }
                Ok(frame) => each(frame)?,
                Err(RecvTimeoutError::Disconnected) => return Err(self.lost()),
                Err(RecvTimeoutError::Timeout) if !wanted() => {
                    return Err(MachineError::gone("nobody waits for the command any more"));
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= ping => {
                    self.check_alive()?;
                    ping = Instant::now() + PING_EVERY;
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn lost(&self) -> MachineError {
        let shared = self.client.lock();
        let why = shared.closed.as_deref().unwrap_or("the connection to its agent broke");
        MachineError::gone(format!("{}: {why}", self.client.name))
    }

    fn check_alive(&self) -> Result<()> {
        let now = Instant::now();
        let silent = self.client.lock().last_heard.map_or(Duration::ZERO, |at| now - at);
        let over = self.limit.is_some_and(|limit| now >= limit);
        if silent >= SILENCE_LIMIT || over {
            return Err(MachineError::timeout(format!(
                "{}: the machine does not answer (last word {} s ago); it may be stuck or overloaded",
                self.client.name,
                silent.as_secs()
            )));
        }
        Ok(self.send(Kind::Ping, Vec::new())?)
    }
}

impl Drop for AgentStream<'_> {
    fn drop(&mut self) {
        let unfinished = self.client.lock().streams.remove(&self.id).is_some();
        if unfinished {
            let _ = self.send(Kind::Cancel, Vec::new());
        }
    }
}

/// Cuts a byte stream into lines for the talk sink.
struct LineCutter {
    sink: LineListener,
    partial: Vec<u8>,
}

impl LineCutter {
    fn new(sink: LineListener) -> Self {
        Self { sink, partial: Vec::new() }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            (self.sink)(String::from_utf8_lossy(&line).trim_end());
        }
    }

    fn end(self) {
        if !self.partial.is_empty() {
            (self.sink)(String::from_utf8_lossy(&self.partial).trim_end());
        }
    }
}
