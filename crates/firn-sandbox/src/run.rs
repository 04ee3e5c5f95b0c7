//! The caller's side: start a sandbox, hear from it, end it.

use crate::error::{Context, Result, SandboxError};
use crate::spec::SandboxSpec;
use crate::sys;
use serde::{Deserialize, Serialize};
use std::ffi::CString;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// How the program inside ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// With this exit status.
    Exited(i32),
    /// By this signal.
    Signaled(i32),
    /// Unknown: the helper was killed, by [`Running::terminate`] or from outside.
    Lost,
}

/// Processor time of everything that ran inside, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// In programs.
    pub user_micros: u64,
    /// In the kernel.
    pub system_micros: u64,
}

/// What the helper tells the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// The sandbox stands, the program starts now.
    Started,
    /// The sandbox could not be made.
    SetupFailed {
        /// What happened.
        message: String,
        /// What to do.
        help: Option<String>,
        /// The system's error number.
        errno: Option<i32>,
    },
    /// Everything inside has ended. Nothing comes after this.
    Ended {
        /// How.
        ending: Ending,
        /// What it used.
        usage: Usage,
    },
}

impl From<SandboxError> for Report {
    fn from(e: SandboxError) -> Self {
        Report::SetupFailed { message: e.message, help: e.help, errno: e.errno }
    }
}

/// What arrives at the helper.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub parent: u32,
    pub spec: SandboxSpec,
}

/// The standard streams of the program. The log is over when every copy of them is closed, which
/// has happened when [`Report::Ended`] arrives.
#[derive(Debug)]
pub struct Stdio {
    /// Standard input.
    pub stdin: OwnedFd,
    /// Standard output.
    pub stdout: OwnedFd,
    /// Standard error.
    pub stderr: OwnedFd,
}

impl Stdio {
    /// No input, and both outputs to one place.
    ///
    /// # Errors
    /// When `/dev/null` can't be opened or descriptors run out.
    pub fn log_to(log: OwnedFd) -> io::Result<Stdio> {
        let stdin = std::fs::File::open("/dev/null")?.into();
        Ok(Stdio { stdin, stdout: log.try_clone()?, stderr: log })
    }
}

/// How to start the helper process.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program whose `main` calls [`crate::helper_main`] when it gets `args`.
    pub program: PathBuf,
    /// Its arguments, without its own name.
    pub args: Vec<String>,
}

impl Default for Launcher {
    /// The running program with the argument `__sandbox`.
    fn default() -> Self {
        Launcher { program: "/proc/self/exe".into(), args: vec!["__sandbox".into()] }
    }
}

impl Launcher {
    /// Starts a sandbox.
    ///
    /// The helper dies with the *thread* that calls this, so that thread must live until the end.
    ///
    /// # Errors
    /// When the helper can't be started. What goes wrong inside it arrives as
    /// [`Report::SetupFailed`].
    pub fn start(&self, spec: &SandboxSpec, stdio: Stdio) -> Result<Running> {
        let (mut ours, theirs) = UnixStream::pair().context(|| "making a socket")?;
        let pid = self.spawn(stdio, theirs.into())?;
        let order = Order { parent: std::process::id(), spec: spec.clone() };
        let running = |stream| Running { pid, stream, pending: Vec::new(), reaped: false };
        let json = serde_json::to_vec(&order)
            .map_err(|e| SandboxError::new(format!("describing the sandbox: {e}")))?;
        let sent = ours.write_all(&json).and_then(|()| ours.shutdown(Shutdown::Write));
        let running = running(ours);
        sent.context(|| "sending the description to the sandbox helper")?;
        Ok(running)
    }

    fn spawn(&self, stdio: Stdio, control: OwnedFd) -> Result<libc::pid_t> {
        let starting = || format!("starting the sandbox helper '{}'", self.program.display());
        let path = sys::c_string(self.program.as_os_str().as_bytes()).context(starting)?;
        let mut argv = vec![path.clone()];
        for arg in &self.args {
            argv.push(sys::c_string(arg.as_bytes()).context(starting)?);
        }
        // Away from 0 to 3, so that no duplicate overwrites the source of a later one.
        let high = |fd: OwnedFd| rustix::io::fcntl_dupfd_cloexec(&fd, 10);
        let mut fds = Vec::with_capacity(4);
        for fd in [stdio.stdin, stdio.stdout, stdio.stderr, control] {
            fds.push(high(fd).context(starting)?);
        }
        spawn_raw(&path, &argv, &fds).context(starting)
    }
}

/// `posix_spawn` with an empty environment, a clean signal state, and `fds` as descriptors 0, 1, ….
fn spawn_raw(path: &CString, argv: &[CString], fds: &[OwnedFd]) -> io::Result<libc::pid_t> {
    let pointers: Vec<*mut libc::c_char> =
        argv.iter().map(|s| s.as_ptr().cast_mut()).chain([std::ptr::null_mut()]).collect();
    let env = [std::ptr::null_mut::<libc::c_char>()];
    let mut pid = 0;
    // SAFETY: actions and attributes are initialised before and destroyed after use; all pointers
    // live through the call; the lists end in null pointers.
    let error = unsafe {
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        let mut attributes: libc::posix_spawnattr_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&raw mut actions);
        libc::posix_spawnattr_init(&raw mut attributes);
        for (number, fd) in (0..).zip(fds) {
            libc::posix_spawn_file_actions_adddup2(&raw mut actions, fd.as_raw_fd(), number);
        }
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut signals);
        libc::posix_spawnattr_setsigmask(&raw mut attributes, &raw const signals);
        libc::sigfillset(&raw mut signals);
        libc::posix_spawnattr_setsigdefault(&raw mut attributes, &raw const signals);
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        #[allow(clippy::cast_possible_truncation)]
        libc::posix_spawnattr_setflags(&raw mut attributes, flags as libc::c_short);
        let error = libc::posix_spawn(
            &raw mut pid,
            path.as_ptr(),
            &raw const actions,
            &raw const attributes,
            pointers.as_ptr(),
            env.as_ptr(),
        );
        libc::posix_spawn_file_actions_destroy(&raw mut actions);
        libc::posix_spawnattr_destroy(&raw mut attributes);
        error
    };
    if error == 0 { Ok(pid) } else { Err(io::Error::from_raw_os_error(error)) }
}

/// A sandbox that was started. Dropping it ends everything inside and waits for that.
#[derive(Debug)]
pub struct Running {
    pid: libc::pid_t,
    stream: UnixStream,
    pending: Vec<u8>,
    reaped: bool,
}

impl AsFd for Running {
    /// Readable when [`Running::try_report`] has something new.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Running {
    /// The helper's process id.
    pub fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// The next report if there is one already.
    ///
    /// # Errors
    /// When the socket fails, or the helper says something that is no report.
    pub fn try_report(&mut self) -> Result<Option<Report>> {
        self.stream.set_nonblocking(true).context(|| "listening to the sandbox helper")?;
        self.read_report()
    }

    /// Waits for the next report. After [`Report::Ended`] the helper is gone.
    ///
    /// # Errors
    /// As [`Running::try_report`].
    pub fn next_report(&mut self) -> Result<Report> {
        self.stream.set_nonblocking(false).context(|| "listening to the sandbox helper")?;
        loop {
            if let Some(report) = self.read_report()? {
                return Ok(report);
            }
        }
    }

    /// Waits for the end of everything inside.
    ///
    /// # Errors
    /// When the sandbox could not be made.
    pub fn wait(mut self) -> Result<(Ending, Usage)> {
        loop {
            match self.next_report()? {
                Report::Started => {}
                Report::SetupFailed { message, help, errno } => {
                    return Err(SandboxError { message, help, errno });
                }
                Report::Ended { ending, usage } => return Ok((ending, usage)),
            }
        }
    }

    /// Asks the helper to end everything inside. [`Report::Ended`] follows when that is done.
    pub fn terminate(&self) {
        if !self.reaped {
            // SAFETY: only numbers; the helper was not waited for, so its id is still its own.
            unsafe { libc::kill(self.pid, libc::SIGTERM) };
        }
    }

    fn read_report(&mut self) -> Result<Option<Report>> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = self.pending.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                let report = serde_json::from_slice(&line).map_err(|e| {
                    SandboxError::new(format!("the sandbox helper sent nonsense: {e}"))
                })?;
                if matches!(report, Report::Ended { .. } | Report::SetupFailed { .. }) {
                    self.reap();
                }
                return Ok(Some(report));
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return Ok(Some(self.lost())),
                Ok(n) => self.pending.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // The helper died with unread data: the same as an early end of the stream.
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(Some(self.lost()));
                }
                Err(e) => return Err(e).context(|| "listening to the sandbox helper"),
            }
        }
    }

    fn lost(&mut self) -> Report {
        self.reap();
        Report::Ended { ending: Ending::Lost, usage: Usage::default() }
    }

    fn reap(&mut self) {
        if !self.reaped {
            self.reaped = true;
            let _ = sys::wait_child(self.pid, false);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            self.terminate();
            self.reap();
        }
    }
}
