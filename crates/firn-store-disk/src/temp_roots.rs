//! Temporary roots: what a living process needs is not collected.
//!
//! Each process appends full paths, each followed by a zero byte, to `temproots/<pid>`, on which it
//! holds an exclusive lock while it lives. While a collector holds `gc.lock`, roots go to its socket
//! instead, and count once it has answered `1`.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
    time::Duration,
};

use firn_formats::{StoreDir, StorePath, StorePathSet};
use firn_store::{StoreError, StoreResult};

use crate::lock::{LockKind, lock, open_lock_file, try_lock, unlock};

/// How long to wait for a collector that has its lock but no socket yet.
const RETRY: Duration = Duration::from_millis(100);

/// One file for each process and state folder, however often the store is opened.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<TempRoots>>>> = LazyLock::new(Mutex::default);

/// The temporary roots of this process in one store.
#[derive(Debug)]
pub(crate) struct TempRoots {
    state: PathBuf,
    inner: Mutex<Option<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    path: PathBuf,
    gc_lock: File,
    socket: Option<UnixStream>,
    known: HashSet<StorePath>,
}

/// The folder of files of temporary roots.
fn folder(state: &Path) -> PathBuf {
    state.join("temproots")
}

/// The lock that a collector holds.
pub(crate) fn gc_lock_path(state: &Path) -> PathBuf {
    state.join("gc.lock")
}

/// Where a collector takes new roots.
pub(crate) fn gc_socket_path(state: &Path) -> PathBuf {
    state.join("gc-socket/socket")
}

impl TempRoots {
    /// The roots of this process in the store with this state folder.
    pub(crate) fn of(state: &Path) -> Arc<Self> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roots) = open.get(state).and_then(Weak::upgrade) {
            return roots;
        }
        let roots = Arc::new(Self { state: state.to_path_buf(), inner: Mutex::new(None) });
        open.insert(state.to_path_buf(), Arc::downgrade(&roots));
        roots
    }

    /// Keeps `path` while this process lives. When this returns no collector will remove it.
    pub(crate) fn add(&self, dir: &StoreDir, path: &StorePath) -> StoreResult<()> {
        let mut guard = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(open(&self.state)?);
        }
        let Some(inner) = guard.as_mut() else {
            return Ok(());
        };
        if inner.known.contains(path) {
            return Ok(());
        }
        inner.announce(&self.state, dir, path)?;
        inner.known.insert(path.clone());
        Ok(())
    }
}

impl Inner {
    fn announce(&mut self, state: &Path, dir: &StoreDir, path: &StorePath) -> StoreResult<()> {
        let text = dir.display(path);
        let gc_lock = gc_lock_path(state);
        loop {
            if try_lock(&self.gc_lock, LockKind::Shared, &gc_lock)? {
                let done = self.record(&text);
                unlock(&self.gc_lock);
                return done;
            }
            match self.tell(state, &text) {
                Ok(()) => return self.record(&text),
                Err(_) => {
                    // The collector ended, or has no socket yet.
                    self.socket = None;
                    std::thread::sleep(RETRY);
                }
            }
        }
    }

    fn record(&mut self, text: &str) -> StoreResult<()> {
        let mut line = text.as_bytes().to_vec();
        line.push(0);
        self.file.write_all(&line).map_err(StoreError::io("write", &self.path))
    }

    fn tell(&mut self, state: &Path, text: &str) -> io::Result<()> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => UnixStream::connect(gc_socket_path(state))?,
        };
        socket.write_all(format!("{text}\n").as_bytes())?;
        let mut answer = [0];
        socket.read_exact(&mut answer)?;
        if &answer != b"1" {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.socket = Some(socket);
        Ok(())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn open(state: &Path) -> StoreResult<Inner> {
    let folder = folder(state);
    fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
    let path = folder.join(std::process::id().to_string());
    let gc_lock = open_lock_file(&gc_lock_path(state))?;
    loop {
        // A file with our own process number is left over from another process of that number.
        let _ = fs::remove_file(&path);
        let file = open_lock_file(&path)?;
        lock(&file, LockKind::Exclusive, &path)?;
        let meta = file.metadata().map_err(StoreError::io("read", &path))?;
        if meta.len() == 0 {
            return Ok(Inner { file, path, gc_lock, socket: None, known: HashSet::new() });
        }
    }
}

/// The temporary roots of all living processes; files of dead ones are removed.
pub(crate) fn find(state: &Path, dir: &StoreDir) -> StoreResult<Vec<(StorePath, String)>> {
    let folder = folder(state);
    let mut roots = Vec::new();
    let entries = match fs::read_dir(&folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(roots),
        other => other.map_err(StoreError::io("list", &folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(StoreError::io("list", &folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        for path in read_file(&entry.path(), dir)? {
            roots.push((path, format!("{{temp:{name}}}")));
        }
    }
    Ok(roots)
}

fn read_file(path: &Path, dir: &StoreDir) -> StoreResult<StorePathSet> {
    let mut roots = StorePathSet::new();
    let opened = File::options().read(true).write(true).open(path);
    let mut file = match opened {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(roots),
        other => other.map_err(StoreError::io("open", path))?,
    };
    if try_lock(&file, LockKind::Exclusive, path)? {
        // Its process has died. Mark it, so that one who opened it meanwhile makes a new one.
        let _ = fs::remove_file(path);
        let _ = file.write_all(b"d");
        return Ok(roots);
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(StoreError::io("read", path))?;
    let Some(end) = text.iter().rposition(|b| *b == 0) else {
        return Ok(roots);
    };
    for root in text[..end].split(|b| *b == 0) {
        let parsed = std::str::from_utf8(root).ok().and_then(|t| dir.parse(t).ok());
        roots.extend(parsed);
    }
    Ok(roots)
}
