//! Commands: `bash -c` under `set -euo pipefail`, in the environment of a root login.

use super::frame::Kind;
use super::message::Done;
use super::serve::{AgentOptions, Input, Reply};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// Where programs are looked for when nobody says.
const USUAL_PATH: &str = "/run/current-system/sw/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long output may stay open after the command ended before a warning is given.
const LINGER_WARNING: Duration = Duration::from_secs(2);
/// How long it may stay open at all.
const LINGER_LIMIT: Duration = Duration::from_secs(60);
/// How long a command may take to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(2);

/// The environment of a root login, read from `/etc/profile` once per connection: sourcing it for every
/// command costs more than most commands.
pub(super) struct LoginEnvironment {
    options: AgentOptions,
    variables: OnceLock<Vec<(String, String)>>,
}

impl LoginEnvironment {
    pub fn new(options: AgentOptions) -> Self {
        Self { options, variables: OnceLock::new() }
    }

    /// A shell command with that environment, in `/tmp`.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.options.shell);
        let variables = self.variables.get_or_init(|| self.read());
        command.env_clear().envs(variables.iter().map(|(k, v)| (k, v)));
        command.current_dir(if std::fs::exists("/tmp").unwrap_or(false) { "/tmp" } else { "/" });
        command
    }

    fn read(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_else(|_| USUAL_PATH.into());
        let fixed = [
            ("HOME", "/root"),
            ("USER", "root"),
            ("LOGNAME", "root"),
            ("DISPLAY", ":0.0"),
            ("PAGER", ""),
            ("TERM", "dumb"),
            ("PATH", &path),
        ];
        let plain = || fixed.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        if self.options.initrd || !std::fs::exists("/etc/profile").unwrap_or(false) {
            return plain();
        }
        let script =
            "set +eu; . /etc/profile >/dev/null 2>&1; export PAGER=; exec cat /proc/self/environ";
        // `cat` is bash's child by exec, so its initial environment is the profile's result.
        let output = Command::new(&self.options.shell)
            .args(["--norc", "--noprofile", "-c", script])
            .env_clear()
            .envs(fixed)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        match output {
            Ok(output) if !output.stdout.is_empty() => parse_environment(&output.stdout),
            _ => plain(),
        }
    }
}

fn parse_environment(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    text.split('\0')
        .filter_map(|entry| entry.split_once('='))
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect()
}

/// What the threads around a running command report.
enum Event {
    Exited(ExitStatus),
    OutputClosed,
    ErrorsTold,
    Cancelled,
}

/// Runs one command; output goes to the driver while it runs.
///
/// The answer waits for the end of the command *and* of its standard output, so that a pipeline's last
/// words are not lost. A child left in the background with the output open is reported by name, and after a
/// minute the command counts as failed. Of standard error, all that was written until then is told first;
/// a child in the background may keep it open.
pub(super) fn run(
    environment: &LoginEnvironment,
    command: &str,
    timeout_ms: Option<u64>,
    reply: &Reply,
    input: Receiver<Input>,
) -> io::Result<Done> {
    let (out_read, out_write) = io::pipe()?;
    let (err_read, err_write) = io::pipe()?;
    let pipe_id = pipe_inode(out_read.as_fd())?;
    let mut child = environment
        .command()
        .arg("-c")
        .arg(format!("set -euo pipefail; {command}"))
        .stdin(Stdio::null())
        .stdout(out_write)
        .stderr(err_write)
        .process_group(0)
        .spawn()?;
    let group = child.id() as i32;
    let (sender, events) = channel();
    let (ended_read, ended) = io::pipe()?;
    copy_output(out_read.into(), reply.clone(), sender.clone());
    copy_errors(err_read.into(), ended_read.into(), reply.clone(), sender.clone());
    watch_cancel(input, sender.clone());
    std::thread::spawn(move || {
        if let Ok(status) = child.wait() {
            let _ = sender.send(Event::Exited(status));
        }
    });
    let limit = timeout_ms.map(|ms| Instant::now() + Duration::from_millis(ms));
    let ended = Some(ended);
    let (status, output_closed, errors_told) = (None, false, false);
    Running { group, pipe_id, events, reply, limit, status, output_closed, ended, errors_told }
        .finish()
}

struct Running<'a> {
    group: i32,
    pipe_id: u64,
    events: Receiver<Event>,
    reply: &'a Reply,
    limit: Option<Instant>,
    status: Option<ExitStatus>,
    output_closed: bool,
    /// Closed when the command has ended and its output is closed: what standard error holds then is the rest.
    ended: Option<PipeWriter>,
    errors_told: bool,
}

impl Running<'_> {
    fn finish(mut self) -> io::Result<Done> {
        let mut warned = false;
        let mut linger: Option<Instant> = None;
        loop {
            if let (Some(status), true) = (self.status, self.output_closed) {
                if self.errors_told {
                    return Ok(Done { status: code(status), ..Done::default() });
                }
                self.ended = None;
            }
            if self.status.is_some() && linger.is_none() {
                linger = Some(Instant::now());
            }
            let warn_at = linger.filter(|_| !warned).map(|since| since + LINGER_WARNING);
            let give_up_at = linger.map(|since| since + LINGER_LIMIT);
            let next = [self.limit, warn_at, give_up_at].into_iter().flatten().min();
            match self.wait(next) {
                Some(Event::Exited(status)) => self.status = Some(status),
                Some(Event::OutputClosed) => self.output_closed = true,
                Some(Event::ErrorsTold) => self.errors_told = true,
                Some(Event::Cancelled) => {
                    self.kill();
                    return Ok(Done { status: 130, ..Done::default() });
                }
                None if self.limit.is_some_and(|limit| Instant::now() >= limit) => {
                    return Ok(self.time_out());
                }
                None if warned => return Ok(self.still_open()),
                None => {
                    warned = true;
                    let text = self.holders();
                    self.reply.bytes(Kind::Notice, text.as_bytes())?;
                }
            }
        }
    }

    fn wait(&self, until: Option<Instant>) -> Option<Event> {
        let Some(until) = until else { return self.events.recv().ok() };
        self.events.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
    }

    fn time_out(&mut self) -> Done {
        let error = self.status.is_some().then(|| self.holders());
        self.kill();
        Done { status: 124, error, timed_out: true }
    }

    fn still_open(&self) -> Done {
        Done { status: 1, error: Some(self.holders()), timed_out: false }
    }

    fn kill(&self) {
        signal_group(self.group, libc::SIGTERM);
        let until = Instant::now() + TERM_GRACE;
        let mut ended = self.status.is_some();
        while !ended && Instant::now() < until {
            ended = matches!(self.wait(Some(until)), Some(Event::Exited(_)));
        }
        signal_group(self.group, libc::SIGKILL);
    }

    fn holders(&self) -> String {
        let status = self.status.map_or(0, code);
        let who = processes_holding(self.pipe_id).join(", ");
        let who = if who.is_empty() { "another process".to_string() } else { who };
        format!(
            "the command itself ended with status {status}, but its standard output is still held open \
             by {who}; redirect the output of background processes (`>/dev/null 2>&1 &`) \
             or start them with systemd-run"
        )
    }
}

fn signal_group(group: i32, signal: i32) {
    // SAFETY: kill takes integers; the group is that of a child of ours, whose number is not reused while
    // a member lives.
    unsafe { libc::kill(-group, signal) };
}

/// Exit status in the shell's manner.
pub(super) fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

fn copy_output(source: OwnedFd, reply: Reply, events: Sender<Event>) {
    let mut source = std::fs::File::from(source);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 32 * 1024];
        while forward(&mut source, Kind::Out, &reply, &mut buffer) {}
        let _ = events.send(Event::OutputClosed);
    });
}

/// Forwards standard error. Once `ended` was hung up, it tells after what was written until then: a child in
/// the background may hold the pipe open, and fill it, for ever.
fn copy_errors(source: OwnedFd, ended: OwnedFd, reply: Reply, events: Sender<Event>) {
    let mut source = std::fs::File::from(source);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 32 * 1024];
        let mut open = true;
        while open && !hung_up(&source, &ended) {
            open = forward(&mut source, Kind::Err, &reply, &mut buffer);
        }
        let rest = rustix::io::ioctl_fionread(&source).unwrap_or(0);
        let mut rest = (&mut source).take(rest);
        while forward(&mut rest, Kind::Err, &reply, &mut buffer) {}
        let _ = events.send(Event::ErrorsTold);
        while forward(&mut source, Kind::Err, &reply, &mut buffer) {}
    });
}

/// Waits until the source has something to read or is closed, or `ended` is hung up; whether it is.
fn hung_up(source: impl AsFd, ended: impl AsFd) -> bool {
    let mut both = [PollFd::new(&source, PollFlags::IN), PollFd::new(&ended, PollFlags::IN)];
    while let Err(rustix::io::Errno::INTR) = poll(&mut both, None) {}
    !both[1].revents().is_empty()
}

/// Moves what one read gives; false at the end, or when nobody wants it any more.
fn forward(source: &mut impl Read, kind: Kind, reply: &Reply, buffer: &mut [u8]) -> bool {
    matches!(source.read(buffer), Ok(count) if count > 0 && reply.bytes(kind, &buffer[..count]).is_ok())
}

fn watch_cancel(input: Receiver<Input>, sender: Sender<Event>) {
    std::thread::spawn(move || {
        if input.into_iter().any(|input| matches!(input, Input::Cancel)) {
            let _ = sender.send(Event::Cancelled);
        }
    });
}

fn pipe_inode(fd: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::fstat(fd)?.st_ino)
}

/// Names and ids of processes that have the pipe open.
fn processes_holding(inode: u64) -> Vec<String> {
    let target = format!("pipe:[{inode}]");
    let own = std::process::id();
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let ids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut holders: Vec<u32> = ids.filter(|id| *id != own && holds(*id, &target)).collect();
    holders.sort_unstable();
    holders.into_iter().map(describe).collect()
}

fn holds(process: u32, target: &str) -> bool {
    let Ok(files) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files
        .flatten()
        .any(|file| std::fs::read_link(file.path()).is_ok_and(|link| link.as_os_str() == target))
}

fn describe(process: u32) -> String {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    format!("process {process} ({})", name.trim())
}
