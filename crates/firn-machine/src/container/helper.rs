//! `firn __container`: makes one container and supervises it.

use super::mounts::enter_root;
use super::spec::ContainerSpec;
use crate::net::veth;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The hidden command that runs [`run_helper`].
pub const HELPER_COMMAND: &str = "__container";
/// The specification as JSON.
pub(super) const SPEC_FD: i32 = 3;
/// Socket to the driver.
pub(super) const CONTROL_FD: i32 = 4;

/// Capabilities that a container must not have even where its user is the host's root: they reach beyond
/// namespaces.
const FORBIDDEN_CAPABILITIES: [u64; 9] = [
    16, // SYS_MODULE: kernel modules
    17, // SYS_RAWIO: ports and memory
    25, // SYS_TIME: the one clock
    27, // MKNOD: devices
    32, // MAC_OVERRIDE
    33, // MAC_ADMIN
    34, // SYSLOG: the kernel's log
    35, // WAKE_ALARM
    36, // BLOCK_SUSPEND
];

/// Reads a specification from descriptor 3, runs the container, and gives its exit status.
///
/// Must be called in a process without other threads, started by [`super::Container`]: descriptor 4 is the
/// driver's socket. What fails before process 1 runs is told on standard error.
pub fn run_helper() -> i32 {
    match supervise() {
        Ok(status) => status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "firn: cannot start the container: {error}");
            70
        }
    }
}

fn supervise() -> Result<i32, String> {
    // SAFETY: the driver put these two descriptors there for us, and nobody else in this process owns them.
    let (spec, control) = unsafe {
        (OwnedFd::from_raw_fd(SPEC_FD), UnixStream::from(OwnedFd::from_raw_fd(CONTROL_FD)))
    };
    for fd in [spec.as_fd(), control.as_fd()] {
        fcntl_setfd(fd, FdFlags::CLOEXEC).map_err(|error| error.to_string())?;
    }
    let mut json = Vec::new();
    File::from(spec).read_to_end(&mut json).map_err(|e| format!("no specification: {e}"))?;
    let spec: ContainerSpec =
        serde_json::from_slice(&json).map_err(|e| format!("bad specification: {e}"))?;
    join_cgroup(&spec)?;
    let cards: Vec<_> =
        spec.cards.iter().map(|card| veth::Card { name: &card.name, mac: card.mac }).collect();
    let ports = veth::enter_network(&cards).map_err(|e| format!("cannot make its network: {e}"))?;
    enter_namespaces()?;
    match fork().map_err(|e| format!("cannot fork: {e}"))? {
        0 => {
            let error = become_init(&spec, &control, ports);
            let _ = writeln!(io::stderr(), "firn: cannot start the container: {error}");
            std::process::exit(71);
        }
        child => {
            drop(ports);
            let status = watch(child, control).map_err(|e| format!("cannot supervise: {e}"))?;
            leave_cgroup(&spec);
            Ok(status)
        }
    }
}

fn join_cgroup(spec: &ContainerSpec) -> Result<(), String> {
    let Some(group) = &spec.cgroup else { return Ok(()) };
    let joined = fs::create_dir_all(group)
        .and_then(|()| fs::write(group.join("cgroup.procs"), std::process::id().to_string()));
    joined.map_err(|e| format!("cannot use the control group {}: {e}", group.display()))
}

/// Removes the control groups that systemd left, now that nothing runs in them.
fn leave_cgroup(spec: &ContainerSpec) {
    let Some(group) = &spec.cgroup else { return };
    if let Some(parent) = group.parent() {
        let _ = fs::write(parent.join("cgroup.procs"), std::process::id().to_string());
    }
    remove_groups(group);
}

/// Removes a control group and those below it; groups with processes stay.
pub fn remove_groups(group: &std::path::Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
}

fn enter_namespaces() -> Result<(), String> {
    let flags = libc::CLONE_NEWNS
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWPID;
    // SAFETY: unshare takes flags only; this process has one thread.
    if unsafe { libc::unshare(flags) } != 0 {
        return Err(format!("cannot make namespaces: {}", io::Error::last_os_error()));
    }
    Ok(())
}

fn fork() -> io::Result<i32> {
    // SAFETY: this process has one thread, so the child may run any code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        child => Ok(child),
    }
}

/// Runs in the child: only returns when something fails.
fn become_init(spec: &ContainerSpec, control: &UnixStream, ports: Vec<OwnedFd>) -> String {
    match prepare_init(spec, control, ports) {
        Err(error) => error,
        Ok((program, arguments, environment)) => {
            let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
                list.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
            };
            // SAFETY: the arrays end with a null pointer and the strings live until the call.
            unsafe {
                libc::execve(
                    program.as_ptr(),
                    pointers(&arguments).as_ptr(),
                    pointers(&environment).as_ptr(),
                )
            };
            format!("{}: {}", spec.init[0], io::Error::last_os_error())
        }
    }
}

type Prepared = (CString, Vec<CString>, Vec<CString>);

fn prepare_init(
    spec: &ContainerSpec,
    control: &UnixStream,
    ports: Vec<OwnedFd>,
) -> Result<Prepared, String> {
    // SAFETY: prctl and setsid take integers.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::setsid();
    }
    rustix::system::sethostname(spec.name.as_bytes()).map_err(|e| format!("hostname: {e}"))?;
    enter_root(spec)?;
    let (console, terminal) = make_console().map_err(|e| format!("cannot make a console: {e}"))?;
    // The driver holds the terminal's other end, too: a moment without any holder would end its reading.
    let kept = terminal.try_clone().map_err(|e| e.to_string())?;
    let mut descriptors = vec![console, kept];
    descriptors.extend(ports);
    send_descriptors(control, &descriptors).map_err(|e| format!("cannot reach the driver: {e}"))?;
    drop(descriptors);
    drop_capabilities();
    reset_signals();
    for target in 0..3 {
        // SAFETY: the terminal is open and 0, 1 and 2 are ours to replace.
        if unsafe { libc::dup2(terminal.as_raw_fd(), target) } < 0 {
            return Err(io::Error::last_os_error().to_string());
        }
    }
    let text = |text: &str| CString::new(text).map_err(|_| format!("{text:?} holds a NUL byte"));
    let arguments = spec.init.iter().map(|word| text(word)).collect::<Result<Vec<_>, _>>()?;
    let program = arguments.first().ok_or("no program for process 1")?.clone();
    let mut environment = vec![c"container=firn".to_owned()];
    for (name, value) in &spec.environment {
        environment.push(text(&format!("{name}={value}"))?);
    }
    Ok((program, arguments, environment))
}

/// A terminal of the container's own, bound to `/dev/console`; gives both ends.
fn make_console() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let master = open("/dev/pts/ptmx", flags, Mode::empty())?;
    rustix::pty::unlockpt(&master)?;
    let name = rustix::pty::ptsname(&master, Vec::new())?;
    let terminal = open(&*name, flags, Mode::empty())?;
    fs::write("/dev/console", "")?;
    rustix::mount::mount_bind(&*name, c"/dev/console")?;
    Ok((master, terminal))
}

fn drop_capabilities() {
    for capability in FORBIDDEN_CAPABILITIES {
        // SAFETY: prctl with integers; an error means that it is gone already.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability as libc::c_ulong, 0, 0, 0) };
    }
}

/// Ignored signals and the mask survive exec; process 1 wants them as at the beginning.
fn reset_signals() {
    // SAFETY: sigset_t is plain data; the default action needs no handler.
    unsafe {
        for signal in 1..32 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
    }
}

fn send_descriptors(control: &UnixStream, descriptors: &[OwnedFd]) -> io::Result<()> {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    let borrowed: Vec<_> = descriptors.iter().map(|fd| fd.as_fd()).collect();
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(32))];
    let mut buffer = SendAncillaryBuffer::new(&mut space);
    if !buffer.push(SendAncillaryMessage::ScmRights(&borrowed)) {
        return Err(io::Error::other("too many network cards"));
    }
    sendmsg(control, &[io::IoSlice::new(b"r")], &mut buffer, SendFlags::empty())?;
    Ok(())
}

/// Waits for process 1; forwards the signals that the driver sends as bytes, and kills it when the driver
/// is gone.
fn watch(child: i32, mut control: UnixStream) -> io::Result<i32> {
    let pid = rustix::process::Pid::from_raw(child).ok_or(io::ErrorKind::InvalidInput)?;
    let handle = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?;
    let mut open = true;
    loop {
        let ended = {
            let mut fds = vec![PollFd::new(&handle, PollFlags::IN)];
            if open {
                fds.push(PollFd::new(&control, PollFlags::IN));
            }
            match poll(&mut fds, None) {
                Err(rustix::io::Errno::INTR) => continue,
                result => result?,
            };
            !fds[0].revents().is_empty()
        };
        if ended {
            return reap(child);
        }
        let mut signal = [0];
        open = control.read(&mut signal)? == 1;
        let signal = if open { i32::from(signal[0]) } else { libc::SIGKILL };
        // SAFETY: kill takes integers; the child is ours and not reaped yet.
        unsafe { libc::kill(child, signal) };
    }
}

fn reap(child: i32) -> io::Result<i32> {
    let mut raw = 0;
    // SAFETY: `raw` outlives the call.
    if unsafe { libc::waitpid(child, &mut raw, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    let status = ExitStatus::from_raw(raw);
    Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)))
}
