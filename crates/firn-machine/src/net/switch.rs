//! The running switch: one thread per VLAN moves frames between its ports.

use super::fabric::{Fabric, PortId};
use super::framing::{FrameReader, MAX_ETHERNET};
use crate::error::{Context, Result};
use rustix::event::{PollFd, PollFlags, poll};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What may wait for a port that does not read, in bytes; beyond it frames are dropped, as wires do.
const QUEUE_LIMIT: usize = 4 << 20;
/// Frames read from one port before the others get their turn.
const BURST: usize = 64;

/// A virtual LAN. Dropping it closes every port and the listening sockets.
pub struct Switch {
    shared: Arc<Shared>,
    folder: PathBuf,
    /// Number of the VLAN.
    pub number: u32,
}

struct Shared {
    state: Mutex<State>,
    waker: OwnedFd,
}

#[derive(Default)]
struct State {
    fabric: Fabric,
    ports: BTreeMap<PortId, Port>,
    stopped: bool,
}

/// What a port is made of.
enum Line {
    /// Waits for QEMU to connect.
    Waiting(UnixListener),
    /// A connected QEMU, and where the next one connects.
    Stream(Stream, UnixListener),
    /// A packet socket: one frame per read.
    Packet(OwnedFd),
    /// Lost its other end.
    Closed,
}

/// A connection of QEMU.
struct Stream {
    socket: UnixStream,
    reader: FrameReader,
    queue: VecDeque<u8>,
}

struct Port {
    line: Line,
}

/// A machine's place on a switch; dropping it removes the port.
pub struct SwitchPort {
    shared: Arc<Shared>,
    id: PortId,
}

impl Switch {
    /// Starts a switch; sockets of its ports are made in `folder`.
    pub fn start(number: u32, folder: &Path) -> Result<Self> {
        let flags = rustix::event::EventfdFlags::CLOEXEC | rustix::event::EventfdFlags::NONBLOCK;
        let waker = rustix::event::eventfd(0, flags).doing(|| "cannot make a switch".into())?;
        let shared = Arc::new(Shared { state: Mutex::default(), waker });
        let runner = shared.clone();
        std::thread::Builder::new()
            .name(format!("vlan{number}"))
            .spawn(move || runner.run())
            .doing(|| "cannot start the switch's thread".into())?;
        Ok(Self { shared, folder: folder.to_path_buf(), number })
    }

    /// A port for one QEMU, and the path of the unix socket that it shall connect to. When that QEMU ends
    /// the port listens again, for the machine's next start.
    pub fn socket_port(&self, machine: &str) -> Result<(SwitchPort, PathBuf)> {
        let path = self.folder.join(format!("vlan{}-{machine}.sock", self.number));
        let _ = std::fs::remove_file(&path);
        let listener =
            UnixListener::bind(&path).doing(|| format!("cannot listen on {}", path.display()))?;
        listener.set_nonblocking(true)?;
        Ok((self.add(Line::Waiting(listener)), path))
    }

    /// A port for a packet socket (non-blocking, bound to its interface).
    pub fn packet_port(&self, socket: OwnedFd) -> SwitchPort {
        self.add(Line::Packet(socket))
    }

    fn add(&self, line: Line) -> SwitchPort {
        let mut state = self.shared.lock();
        let id = state.fabric.add();
        state.ports.insert(id, Port { line });
        drop(state);
        self.shared.wake();
        SwitchPort { shared: self.shared.clone(), id }
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.wake();
    }
}

impl SwitchPort {
    /// Pulls (`false`) or plugs the cable.
    pub fn set_link(&self, up: bool) {
        self.shared.lock().fabric.set_link(self.id, up);
    }
}

impl Drop for SwitchPort {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ports.remove(&self.id);
        state.fabric.remove(self.id);
        drop(state);
        self.shared.wake();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let _ = rustix::io::write(&self.waker, &1u64.to_ne_bytes());
    }

    fn run(&self) {
        let mut buffer = vec![0; MAX_ETHERNET];
        loop {
            // Descriptors are duplicated for the poll, so that the lock is free while waiting.
            let Some(watched) = self.watched() else { return };
            let ready = wait_ready(self.waker.as_fd(), &watched);
            let _ = rustix::io::read(&self.waker, &mut [0u8; 8]);
            let mut state = self.lock();
            if state.stopped {
                return;
            }
            state.let_in(&mut buffer);
            for port in ready {
                state.serve(port, &mut buffer);
            }
        }
    }

    fn watched(&self) -> Option<Vec<(PortId, OwnedFd, PollFlags)>> {
        let state = self.lock();
        if state.stopped {
            return None;
        }
        let watch = |(id, port): (&PortId, &Port)| {
            let (fd, flags) = port.line.interest()?;
            Some((*id, fd.try_clone_to_owned().ok()?, flags))
        };
        Some(state.ports.iter().filter_map(watch).collect())
    }
}

fn wait_ready(waker: BorrowedFd<'_>, watched: &[(PortId, OwnedFd, PollFlags)]) -> Vec<PortId> {
    let mut fds: Vec<PollFd<'_>> = vec![PollFd::from_borrowed_fd(waker, PollFlags::IN)];
    fds.extend(watched.iter().map(|(_, fd, flags)| PollFd::new(fd, *flags)));
    if poll(&mut fds, None).is_err() {
        return Vec::new();
    }
    let ports = fds[1..].iter().zip(watched);
    ports.filter(|(fd, _)| !fd.revents().is_empty()).map(|(_, (id, ..))| *id).collect()
}

impl Line {
    fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        Some(match self {
            Line::Waiting(listener) => (listener.as_fd(), PollFlags::IN),
            Line::Stream(stream, _) if stream.queue.is_empty() => {
                (stream.socket.as_fd(), PollFlags::IN)
            }
            Line::Stream(stream, _) => (stream.socket.as_fd(), PollFlags::IN | PollFlags::OUT),
            Line::Packet(socket) => (socket.as_fd(), PollFlags::IN),
            Line::Closed => return None,
        })
    }

    /// Sends one frame, or queues or drops it.
    fn send(&mut self, frame: &[u8]) {
        match self {
            Line::Packet(socket) => {
                let _ = rustix::io::write(socket, frame);
            }
            Line::Stream(stream, _) => stream.send(frame),
            Line::Waiting(_) | Line::Closed => {}
        }
    }
}

impl Stream {
    fn accept(listener: &UnixListener) -> io::Result<Self> {
        let (socket, _) = listener.accept()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, reader: FrameReader::default(), queue: VecDeque::new() })
    }

    fn send(&mut self, frame: &[u8]) {
        if self.queue.len() + frame.len() <= QUEUE_LIMIT {
            self.queue.extend((frame.len() as u32).to_be_bytes());
            self.queue.extend(frame);
            self.flush();
        }
    }

    fn flush(&mut self) {
        while !self.queue.is_empty() {
            match self.socket.write(self.queue.as_slices().0) {
                Ok(count) if count > 0 => drop(self.queue.drain(..count)),
                _ => return,
            }
        }
    }
}

impl State {
    /// Accepts whoever has connected by now: they hear all that is sent from here on, whichever port was seen to be
    /// ready first.
    fn let_in(&mut self, buffer: &mut [u8]) {
        let is_waiting = |port: &Port| matches!(port.line, Line::Waiting(_));
        let waiting: Vec<PortId> =
            self.ports.iter().filter(|(_, port)| is_waiting(port)).map(|(id, _)| *id).collect();
        for port in waiting {
            self.serve(port, buffer);
        }
    }

    fn serve(&mut self, id: PortId, buffer: &mut [u8]) {
        let Some(Port { line }) = self.ports.remove(&id) else { return };
        let line = match line {
            Line::Waiting(listener) => match Stream::accept(&listener) {
                Ok(stream) => Line::Stream(stream, listener),
                Err(_) => Line::Waiting(listener),
            },
            Line::Stream(mut stream, listener) => {
                stream.flush();
                match self.read_stream(id, &mut stream, buffer) {
                    true => Line::Waiting(listener),
                    false => Line::Stream(stream, listener),
                }
            }
            Line::Packet(socket) => match self.read_packets(id, &socket, buffer) {
                true => Line::Closed,
                false => Line::Packet(socket),
            },
            Line::Closed => Line::Closed,
        };
        self.ports.insert(id, Port { line });
    }

    /// True when the connection is finished.
    fn read_stream(&mut self, id: PortId, stream: &mut Stream, buffer: &mut [u8]) -> bool {
        match stream.socket.read(buffer) {
            Ok(0) => return true,
            Ok(count) => stream.reader.push(&buffer[..count]),
            Err(error) => return !is_pause(&error),
        }
        loop {
            match stream.reader.take() {
                Ok(Some(frame)) => self.deliver(id, frame),
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    fn read_packets(&mut self, id: PortId, socket: &OwnedFd, buffer: &mut [u8]) -> bool {
        for _ in 0..BURST {
            match rustix::io::read(socket, &mut *buffer) {
                Ok(count) => self.deliver(id, &buffer[..count]),
                // The interface is down while the container boots, and gone when it has ended.
                Err(rustix::io::Errno::NETDOWN) => {}
                Err(error) => return !is_pause(&error.into()),
            }
        }
        false
    }

    fn deliver(&mut self, from: PortId, frame: &[u8]) {
        for target in self.fabric.route(from, frame) {
            if let Some(port) = self.ports.get_mut(&target) {
                port.line.send(frame);
            }
        }
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn frame(to: u8, from: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0];
        bytes.extend(body);
        bytes
    }

    fn write(mut socket: &UnixStream, frame: &[u8]) {
        socket.write_all(&(frame.len() as u32).to_be_bytes()).unwrap();
        socket.write_all(frame).unwrap();
    }

    fn read(mut socket: &UnixStream) -> Vec<u8> {
        let mut length = [0; 4];
        socket.read_exact(&mut length).unwrap();
        let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
        socket.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn frames_cross_and_a_broken_port_harms_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let switch = Switch::start(1, dir.path()).unwrap();
        let ports: Vec<_> = ["a", "b", "c"].map(|name| switch.socket_port(name).unwrap()).into();
        let sockets: Vec<_> =
            ports.iter().map(|(_, path)| UnixStream::connect(path).unwrap()).collect();
        // Announce b and c, and read the copies that flooding gave.
        write(&sockets[1], &frame(9, 2, b"hello"));
        assert_eq!(read(&sockets[0]), frame(9, 2, b"hello"));
        assert_eq!(read(&sockets[2]), frame(9, 2, b"hello"));
        // A hostile length closes its own port only.
        (&sockets[2]).write_all(&u32::MAX.to_be_bytes()).unwrap();
        assert_eq!((&sockets[2]).read(&mut [0; 1]).unwrap(), 0);
        // Its machine may start again.
        let again = UnixStream::connect(&ports[2].1).unwrap();
        write(&again, &frame(1, 3, b"again"));
        assert_eq!(read(&sockets[0]), frame(1, 3, b"again"));
        assert_eq!(read(&sockets[1]), frame(1, 3, b"again"));
        write(&sockets[0], &frame(2, 1, &vec![5; 60_000]));
        assert_eq!(read(&sockets[1]), frame(2, 1, &vec![5; 60_000]));
    }
}
