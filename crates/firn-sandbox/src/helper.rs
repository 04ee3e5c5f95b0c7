//! The helper process: supervises one sandbox from outside.

use crate::cgroup::Group;
use crate::error::{Context, Result, SandboxError};
use crate::init;
use crate::probe::namespace_help;
use crate::run::{Ending, Order, Report, Usage};
use crate::spec::{IdRange, Network, SandboxSpec};
use crate::sys;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The functions that [`crate::Program::Builtin`] can name: gets the name and the input, returns
/// the exit status, or `None` for a name it doesn't know. Runs inside the sandbox.
pub type Builtins<'a> = &'a dyn Fn(&str, serde_json::Value) -> Option<i32>;

/// The whole life of the helper process; call it first thing in `main`, while there is one thread.
///
/// The contract is in the documentation of this crate.
pub fn helper_main(builtins: Builtins<'_>) -> ! {
    // SAFETY: descriptor 3 is the control socket by contract, and nothing else here owns it.
    let mut control = UnixStream::from(unsafe { OwnedFd::from_raw_fd(3) });
    let report = match supervise(&control, builtins) {
        Ok(Some((ending, usage))) => Report::Ended { ending, usage },
        // The set-up failed inside and `init` has said so.
        Ok(None) => sys::exit_now(1),
        Err(e) => e.into(),
    };
    send(&mut control, &report);
    sys::exit_now(0)
}

/// Sends one report; a caller that is gone can't be told.
pub(crate) fn send(control: &mut UnixStream, report: &Report) {
    let line = serde_json::to_string(report).unwrap_or_default() + "\n";
    let _ = control.write_all(line.as_bytes());
}

fn supervise(control: &UnixStream, builtins: Builtins<'_>) -> Result<Option<(Ending, Usage)>> {
    sys::die_with_parent().context(|| "setting the parent-death signal")?;
    sys::close_from(4).context(|| "closing file descriptors")?;
    rustix::io::fcntl_setfd(control, rustix::io::FdFlags::CLOEXEC)
        .context(|| "preparing the control socket")?;
    let order = read_order(control)?;
    if rustix::process::getppid().map(|p| p.as_raw_nonzero().get().cast_unsigned())
        != Some(order.parent)
    {
        // The caller died before the signal was set; nobody wants the result.
        sys::exit_now(1);
    }
    // A session of its own: a Ctrl-C at the terminal is for the caller, who ends us in order.
    if order.spec.terminal {
        // In the terminal's foreground, and not meant by what is typed there: the program inside is.
        sys::ignore_signal(libc::SIGINT);
        sys::ignore_signal(libc::SIGQUIT);
    } else {
        let _ = rustix::process::setsid();
    }
    // Needs privileges, and where there are none the user namespace forbids using the groups.
    let _ = sys::drop_groups();
    let files = raise_file_limit()?;
    sys::block_signals(&WAITED);
    run_inside(&order.spec, control, builtins, files)
}

const WAITED: [i32; 2] = [libc::SIGCHLD, libc::SIGTERM];

fn read_order(mut control: &UnixStream) -> Result<Order> {
    let mut json = Vec::new();
    control.read_to_end(&mut json).context(|| "reading the sandbox's description")?;
    serde_json::from_slice(&json)
        .map_err(|e| SandboxError::new(format!("reading the sandbox's description: {e}")))
}

/// Every input of a build is one open file while the tree is made; returns the limits before.
fn raise_file_limit() -> Result<libc::rlimit> {
    const WANTED: u64 = 1 << 17;
    let what = || "raising the limit of open files";
    let before = sys::get_limit(libc::RLIMIT_NOFILE).context(what)?;
    let raised = libc::rlimit { rlim_cur: WANTED, rlim_max: before.rlim_max.max(WANTED) };
    if sys::set_limit(libc::RLIMIT_NOFILE, raised).is_err() {
        let soft = libc::rlimit { rlim_cur: before.rlim_max, ..before };
        sys::set_limit(libc::RLIMIT_NOFILE, soft).context(what)?;
    }
    Ok(before)
}

fn run_inside(
    spec: &SandboxSpec,
    control: &UnixStream,
    builtins: Builtins<'_>,
    files: libc::rlimit,
) -> Result<Option<(Ending, Usage)>> {
    let (mut ours, theirs) = UnixStream::pair().context(|| "making a socket")?;
    let null = File::open("/dev/null").context(|| "opening /dev/null")?;
    let group = if spec.cgroup { make_group(spec) } else { None };
    // SAFETY: this process has one thread, and the flags share no memory.
    let init = match unsafe { sys::clone_process(clone_flags(spec)) } {
        Ok(0) => {
            drop(ours);
            init::main(spec, control, theirs, builtins, files)
        }
        Ok(pid) => pid,
        Err(e) => {
            let error = SandboxError::os("making the namespaces of the sandbox", &e);
            return Err(error.with_help(namespace_help(e.raw_os_error())));
        }
    };
    drop(theirs);
    let ready = prepare(spec, init, group.as_ref()).and_then(|()| handshake(&mut ours));
    if ready.is_err() {
        sys::kill_child(init);
    }
    let _ = sys::redirect_standard_streams(null.as_fd());
    let usage = wait_for(init)?;
    if let Some(group) = group {
        group.destroy();
    }
    if !ready? {
        return Ok(None);
    }
    let mut status = [0; 4];
    match ours.read_exact(&mut status) {
        Ok(()) => Ok(Some((ending(i32::from_ne_bytes(status)), usage))),
        Err(_) => Ok(Some((Ending::Lost, usage))),
    }
}

fn clone_flags(spec: &SandboxSpec) -> i32 {
    let mut flags = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUTS;
    if spec.network == Network::None {
        flags |= libc::CLONE_NEWNET;
    }
    flags
}

fn make_group(spec: &SandboxSpec) -> Option<Group> {
    let outside = |ranges: &[IdRange], id: u32| {
        ranges.iter().find_map(|r| {
            let offset = id.checked_sub(r.inside).filter(|o| *o < r.count)?;
            r.outside.checked_add(offset)
        })
    };
    let identity = &spec.identity;
    Group::create(outside(&identity.uids, identity.uid)?, outside(&identity.gids, identity.gid)?)
}

/// What only a process outside can do for the new namespaces.
fn prepare(spec: &SandboxSpec, init: libc::pid_t, group: Option<&Group>) -> Result<()> {
    let identity = &spec.identity;
    let write = |name: &str, text: String| {
        fs::write(format!("/proc/{init}/{name}"), text).map_err(|e| {
            SandboxError::os(format_args!("writing {name} of the sandbox"), &e)
                .with_help(namespace_help(e.raw_os_error()))
        })
    };
    write("uid_map", map_text(&identity.uids))?;
    if identity.gids.iter().map(|r| r.count).sum::<u32>() <= 1 {
        // Without privileges the kernel wants this first; with one id there is nothing to set.
        write("setgroups", "deny".into())?;
    }
    write("gid_map", map_text(&identity.gids))?;
    match group {
        Some(group) => group.add(init).context(|| "joining the sandbox's control group"),
        None => Ok(()),
    }
}

fn map_text(ranges: &[IdRange]) -> String {
    ranges.iter().map(|r| format!("{} {} {}\n", r.inside, r.outside, r.count)).collect()
}

/// Says that the ids are mapped, hears that `init` holds the parent-death signal, lets it go on.
/// False if `init` gave up meanwhile.
fn handshake(init: &mut UnixStream) -> Result<bool> {
    let mut byte = [0];
    let mut exchange = || {
        init.write_all(b"m")?;
        init.read_exact(&mut byte)?;
        init.write_all(b"g")
    };
    match exchange() {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(e).context(|| "talking to the sandbox's first process"),
    }
}

/// Waits until `init`, and with it everything in the sandbox, is gone. SIGTERM hurries it.
fn wait_for(init: libc::pid_t) -> Result<Usage> {
    loop {
        let ended = sys::wait_child(init, true).context(|| "waiting for the sandbox")?;
        if let Some(ended) = ended {
            let (user_micros, system_micros) = (ended.user_micros, ended.system_micros);
            return Ok(Usage { user_micros, system_micros });
        }
        if sys::wait_signal(&WAITED) == libc::SIGTERM {
            sys::kill_child(init);
        }
    }
}

fn ending(status: i32) -> Ending {
    if libc::WIFSIGNALED(status) {
        Ending::Signaled(libc::WTERMSIG(status))
    } else {
        Ending::Exited(libc::WEXITSTATUS(status))
    }
}
