//! The agent's side inside the machine: one thread reads frames, one thread per stream does the work.

use super::frame::{CHUNK, Decoder, Frame, Incoming, Kind, SYNC};
use super::message::{Done, Hello, Request};
use super::{PORT_NAME, VERSION, exec, files, probe, renew, shell};
use serde::Serialize;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// How the agent runs commands.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// The bash that commands run in.
    pub shell: PathBuf,
    /// True in the initrd, where there is no profile.
    pub initrd: bool,
}

/// What a stream's thread receives.
pub(super) enum Input {
    /// Raw input.
    Data(Vec<u8>),
    /// The head of a file.
    Item(Vec<u8>),
    /// No more input.
    End,
    /// Give up.
    Cancel,
}

/// The way back to the driver; cloned into every stream's threads.
#[derive(Clone)]
pub(super) struct Reply {
    stream: u32,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl Reply {
    /// Sends raw bytes in frames of at most `CHUNK`.
    pub fn bytes(&self, kind: Kind, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(CHUNK).try_for_each(|chunk| self.frame(kind, chunk.to_vec()))
    }

    /// Sends one JSON value.
    pub fn json(&self, kind: Kind, value: &impl Serialize) -> io::Result<()> {
        self.frame(kind, serde_json::to_vec(value)?)
    }

    fn frame(&self, kind: Kind, payload: Vec<u8>) -> io::Result<()> {
        let bytes = Frame { stream: self.stream, kind, payload }.encode();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(&bytes)?;
        writer.flush()
    }
}

/// The virtio-serial port of the agent, found by name without the help of udev.
pub fn find_port() -> Option<PathBuf> {
    let ports = std::fs::read_dir("/sys/class/virtio-ports").ok()?;
    ports.flatten().find_map(|port| {
        let name = std::fs::read_to_string(port.path().join("name")).ok()?;
        (name.trim() == PORT_NAME).then(|| Path::new("/dev").join(port.file_name()))
    })
}

/// Serves one connection until it ends.
///
/// Errors: only those of the channel itself; a failing request is an answer.
pub fn serve(
    mut reader: impl Read,
    writer: impl Write + Send + 'static,
    options: &AgentOptions,
) -> io::Result<()> {
    let writer: Arc<Mutex<Box<dyn Write + Send>>> = Arc::new(Mutex::new(Box::new(writer)));
    greet(&writer, options)?;
    let mut decoder = Decoder::new();
    let mut streams: HashMap<u32, Sender<Input>> = HashMap::new();
    let environment = Arc::new(exec::LoginEnvironment::new(options.clone()));
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        decoder.push(&buffer[..count]);
        while let Some(incoming) = decoder.take() {
            let Incoming::Frame(frame) = incoming else {
                streams.clear();
                continue;
            };
            let reply = Reply { stream: frame.stream, writer: writer.clone() };
            match frame.kind {
                Kind::Ping => reply.frame(Kind::Pong, Vec::new())?,
                Kind::Hello => greet(&writer, options)?,
                Kind::Open => {
                    let (sender, input) = channel();
                    streams.insert(frame.stream, sender);
                    open(&frame.payload, reply, input, environment.clone());
                }
                _ => forward(&mut streams, frame),
            }
        }
    }
}

fn greet(writer: &Arc<Mutex<Box<dyn Write + Send>>>, options: &AgentOptions) -> io::Result<()> {
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let hello = Hello { version: VERSION, boot_id: boot_id.trim().into(), initrd: options.initrd };
    writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(SYNC)?;
    Reply { stream: 0, writer: writer.clone() }.json(Kind::Hello, &hello)
}

/// Hands input to its stream; a stream that has ended is forgotten.
fn forward(streams: &mut HashMap<u32, Sender<Input>>, frame: Frame) {
    let input = match frame.kind {
        Kind::In => Input::Data(frame.payload),
        Kind::Item => Input::Item(frame.payload),
        Kind::InEnd => Input::End,
        Kind::Cancel => Input::Cancel,
        _ => return,
    };
    if let Some(sender) = streams.get(&frame.stream)
        && sender.send(input).is_err()
    {
        streams.remove(&frame.stream);
    }
}

fn open(
    payload: &[u8],
    reply: Reply,
    input: Receiver<Input>,
    environment: Arc<exec::LoginEnvironment>,
) {
    let request = serde_json::from_slice::<Request>(payload);
    std::thread::spawn(move || {
        let done = match request {
            Ok(request) => handle(request, &reply, input, &environment),
            Err(error) => failed(format!("the agent does not know this request: {error}")),
        };
        let _ = reply.json(Kind::Done, &done);
    });
}

fn handle(
    request: Request,
    reply: &Reply,
    input: Receiver<Input>,
    environment: &exec::LoginEnvironment,
) -> Done {
    let result = match request {
        Request::Exec { command, timeout_ms } => {
            exec::run(environment, &command, timeout_ms, reply, input)
        }
        Request::Shell { columns, rows } => shell::run(environment, columns, rows, reply, input),
        Request::Wait { probe, holds, timeout_ms } => probe::wait(&probe, holds, timeout_ms, input),
        Request::Put { target } => files::receive(Path::new(&target), input),
        Request::Get { source } => files::send(Path::new(&source), reply),
        Request::Renew { unix_nanos, entropy } => {
            renew::renew(Path::new("/"), unix_nanos, &entropy).map(|()| Done::default())
        }
    };
    result.unwrap_or_else(|error| failed(error.to_string()))
}

fn failed(error: String) -> Done {
    Done { status: 1, error: Some(error), timed_out: false }
}
