//! Taking new temporary roots while the collector runs.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, PipeReader, PipeWriter, Write},
    os::{
        fd::AsFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use firn_formats::{StoreDir, StorePath};
use firn_store::{StoreError, StoreResult};
use rustix::event::{PollFd, PollFlags, poll};

use crate::{config::Layout, temp_roots::gc_socket_path};

/// Answers clients on the socket until it is dropped.
pub(super) struct RootServer {
    shared: Arc<Shared>,
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
    path: PathBuf,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Rings when removals end.
    removed: Condvar,
}

#[derive(Default)]
struct State {
    /// Hash parts of roots, so that `.lock` and the like beside a path are kept with it.
    roots: HashSet<String>,
    /// Hash parts of what is being removed.
    pending: HashSet<String>,
    /// Connections, to be closed at the end.
    clients: Vec<UnixStream>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a root; returns once it is not being removed.
    fn add(&self, path: &StorePath) {
        let mut state = self.lock();
        state.roots.insert(path.hash_part().to_owned());
        while state.pending.contains(path.hash_part()) {
            state = self.removed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl RootServer {
    pub(super) fn start(layout: &Layout) -> StoreResult<Self> {
        let path = gc_socket_path(&layout.state);
        let failed = || StoreError::io("listen on", &path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed())?;
        }
        // We hold the lock: a socket there is left over.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(failed())?;
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        fs::set_permissions(&path, permissions).map_err(failed())?;
        listener.set_nonblocking(true).map_err(failed())?;
        let (reader, writer) = std::io::pipe().map_err(failed())?;
        let shared = Arc::new(Shared::default());
        let (dir, inner) = (layout.store_dir.clone(), shared.clone());
        let thread = std::thread::Builder::new()
            .name("gc-roots".to_owned())
            .spawn(move || serve(&listener, &reader, &dir, &inner))
            .map_err(failed())?;
        Ok(Self { shared, stop: Some(writer), thread: Some(thread), path })
    }

    /// Takes a root that was found in a file.
    pub(super) fn add(&self, path: &StorePath) {
        self.shared.add(path);
    }

    /// Begins to remove those of `hash_parts` that are no roots, and returns which they are. Who
    /// asks for one of them waits for [`RootServer::end`].
    pub(super) fn begin(&self, hash_parts: &[&str]) -> Vec<bool> {
        let mut state = self.shared.lock();
        hash_parts
            .iter()
            .map(|hash| {
                let free = !state.roots.contains(*hash);
                if free {
                    state.pending.insert((*hash).to_owned());
                }
                free
            })
            .collect()
    }

    /// Ends all removals.
    pub(super) fn end(&self) {
        self.shared.lock().pending.clear();
        self.shared.removed.notify_all();
    }
}

impl Drop for RootServer {
    fn drop(&mut self) {
        self.end();
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let _ = fs::remove_file(&self.path);
    }
}

fn serve(listener: &UnixListener, stop: &PipeReader, dir: &StoreDir, shared: &Arc<Shared>) {
    let mut threads = Vec::new();
    loop {
        let mut fds = [
            PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => break,
            Ok(_) => {}
        }
        if !fds[0].revents().is_empty() {
            break;
        }
        let Ok((stream, _)) = listener.accept() else {
            continue;
        };
        let _ = stream.set_nonblocking(false);
        if let Ok(copy) = stream.try_clone() {
            shared.lock().clients.push(copy);
        }
        let (dir, shared) = (dir.clone(), shared.clone());
        threads
            .extend(std::thread::Builder::new().spawn(move || answer(&stream, &dir, &shared)).ok());
    }
    for client in shared.lock().clients.drain(..) {
        let _ = client.shutdown(std::net::Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn answer(stream: &UnixStream, dir: &StoreDir, shared: &Shared) {
    let mut out = stream;
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { return };
        if let Ok(path) = dir.parse(&line) {
            shared.add(&path);
        }
        if out.write_all(b"1").is_err() {
            return;
        }
    }
}
