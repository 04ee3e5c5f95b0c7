//! Runs a builder in its sandbox and listens to it.

use crate::cancel::Cancel;
use firn_sandbox::{Ending, Launcher, Report, Running, SandboxError, SandboxSpec, Stdio};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Why a builder was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// It took longer than allowed.
    TimedOut,
    /// It wrote nothing for longer than allowed.
    Silent,
    /// It wrote more than allowed.
    TooMuchLog,
    /// It closed its log and went on.
    LogClosed,
    /// Someone gave up.
    Cancelled,
}

/// How long a builder may run after it has closed its log: to end, not to work on (as the reference, which
/// waits no time at all).
const AFTER_LOG: Duration = Duration::from_secs(2);

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunEnd {
    /// What became of the process.
    pub ending: Ending,
    /// Set if it was stopped.
    pub stopped: Option<Stopped>,
}

/// What bounds a run.
pub struct Bounds<'a> {
    /// Seconds in all, 0 is without limit.
    pub timeout: u64,
    /// Seconds of silence, 0 is without limit.
    pub max_silent: u64,
    /// Switches that end it.
    pub cancel: &'a [Cancel],
}

/// Runs it; `owner` is the user and group outside as which it runs, if not the caller's; `log` takes the bytes it writes and says whether to go on.
///
/// # Errors
/// When the sandbox could not be made, or the log not be read or taken.
pub fn run(
    launcher: &Launcher,
    spec: &SandboxSpec,
    terminal: bool,
    owner: Option<(u32, u32)>,
    bounds: &Bounds<'_>,
    mut log: impl FnMut(&[u8]) -> io::Result<bool>,
) -> Result<RunEnd, SandboxError> {
    let local = |what: &'static str| {
        move |e: io::Error| SandboxError {
            message: format!("{what}: {e}"),
            help: None,
            errno: e.raw_os_error(),
        }
    };
    let (ours, theirs) =
        if terminal { open_terminal() } else { open_pipe() }.map_err(local("making a log"))?;
    if let Some((uid, gid)) = owner {
        // So that `>/dev/stderr`, which opens it anew, works for the build's user.
        std::os::unix::fs::fchown(&theirs, Some(uid), Some(gid)).map_err(local("making a log"))?;
    }
    let stdio = Stdio::log_to(theirs).map_err(local("making a log"))?;
    let mut running = launcher.start(spec, stdio)?;
    let mut watch = Watch {
        started: Instant::now(),
        last_output: Instant::now(),
        stopped: None,
        ended: None,
        log_open: true,
    };
    let mut buffer = vec![0; 1 << 16];
    while watch.ended.is_none() || watch.log_open {
        let ready = wait(&ours, &running, bounds, &watch).map_err(local("listening to a build"))?;
        if ready.log {
            match read_log(&ours, &mut buffer).map_err(local("reading the build log"))? {
                0 => {
                    watch.log_open = false;
                    watch.last_output = Instant::now();
                }
                n => {
                    watch.last_output = Instant::now();
                    let go_on = log(&buffer[..n]).map_err(local("writing the build log"))?;
                    if !go_on {
                        watch.stop(&running, Stopped::TooMuchLog);
                    }
                }
            }
        }
        if ready.report {
            watch.report(&mut running)?;
        }
        if bounds.cancel.iter().any(Cancel::is_cancelled) {
            watch.stop(&running, Stopped::Cancelled);
        }
        watch.check_time(&running, bounds);
    }
    let ending = watch.ended.unwrap_or(Ending::Lost);
    Ok(RunEnd { ending, stopped: watch.stopped })
}

struct Watch {
    started: Instant,
    last_output: Instant,
    stopped: Option<Stopped>,
    ended: Option<Ending>,
    log_open: bool,
}

impl Watch {
    fn stop(&mut self, running: &Running, why: Stopped) {
        if self.stopped.is_none() && self.ended.is_none() {
            self.stopped = Some(why);
            running.terminate();
        }
    }

    fn report(&mut self, running: &mut Running) -> Result<(), SandboxError> {
        match running.try_report()? {
            Some(Report::Ended { ending, .. }) => self.ended = Some(ending),
            Some(Report::SetupFailed { message, help, errno }) => {
                return Err(SandboxError { message, help, errno });
            }
            Some(Report::Started) | None => {}
        }
        Ok(())
    }

    fn check_time(&mut self, running: &Running, bounds: &Bounds<'_>) {
        let over =
            |limit: u64, since: Instant| limit > 0 && since.elapsed() >= Duration::from_secs(limit);
        if over(bounds.timeout, self.started) {
            self.stop(running, Stopped::TimedOut);
        } else if over(bounds.max_silent, self.last_output) {
            self.stop(running, Stopped::Silent);
        } else if !self.log_open && self.last_output.elapsed() >= AFTER_LOG {
            self.stop(running, Stopped::LogClosed);
        }
    }

    /// How long until a limit is reached.
    fn next_limit(&self, bounds: &Bounds<'_>) -> Option<Duration> {
        if self.stopped.is_some() {
            return None;
        }
        let left = |limit: u64, since: Instant| {
            (limit > 0).then(|| Duration::from_secs(limit).saturating_sub(since.elapsed()))
        };
        let closed = (!self.log_open && self.ended.is_none())
            .then(|| AFTER_LOG.saturating_sub(self.last_output.elapsed()));
        let limits =
            [left(bounds.timeout, self.started), left(bounds.max_silent, self.last_output), closed];
        limits.into_iter().flatten().min()
    }
}

struct Ready {
    log: bool,
    report: bool,
}

fn wait(log: &OwnedFd, running: &Running, bounds: &Bounds<'_>, watch: &Watch) -> io::Result<Ready> {
    let mut fds = Vec::with_capacity(4);
    let mut add = |fd, wanted: bool| {
        // The kernel passes over entries without events only if they have no hang-up either, so
        // what is not wanted is left out.
        if wanted {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        wanted.then(|| fds.len() - 1)
    };
    let log_at = add(log.as_fd(), watch.log_open);
    let report_at = add(running.as_fd(), watch.ended.is_none());
    for cancel in bounds.cancel {
        add(cancel.as_fd(), watch.stopped.is_none() && watch.ended.is_none());
    }
    let timeout = watch.next_limit(bounds).map(|left| {
        // Rounded up, so that the limit has passed when the wait ends.
        let left = left + Duration::from_millis(1);
        rustix::time::Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        }
    });
    match poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(e) => return Err(e.into()),
    }
    let is_ready = |at: Option<usize>| at.is_some_and(|at| !fds[at].revents().is_empty());
    Ok(Ready { log: is_ready(log_at), report: is_ready(report_at) })
}

fn read_log(log: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    match rustix::io::read(log, &mut *buffer) {
        // A terminal whose last user is gone says so.
        Err(Errno::IO) => Ok(0),
        Err(Errno::INTR) => read_log(log, buffer),
        other => Ok(other?),
    }
}

fn open_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?)
}

/// A pseudo terminal makes programs write their output line by line. Raw, so that bytes stay.
fn open_terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let theirs = rustix::fs::open(&*name, flags, Mode::empty())?;
    let mut attributes = tcgetattr(&theirs)?;
    attributes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &attributes)?;
    Ok((ours, theirs))
}
