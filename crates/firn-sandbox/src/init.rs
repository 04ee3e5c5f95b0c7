//! Process 1 of a sandbox, and the program it starts.

use crate::confine::confine;
use crate::error::{Context, Result};
use crate::helper::{Builtins, send};
use crate::run::Report;
use crate::spec::{Network, Program, SandboxSpec, Text};
use crate::{sys, tree};
use rustix::mount::{MountPropagationFlags, mount_change};
use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// Sets the sandbox up, starts the program, collects orphans until the program has ended, and
/// passes its wait status to the helper. With this process's end the kernel ends all others.
pub fn main(
    spec: &SandboxSpec,
    control: &UnixStream,
    mut helper: UnixStream,
    builtins: Builtins<'_>,
    files: libc::rlimit,
) -> ! {
    let Ok(mut control) = control.try_clone() else { sys::exit_now(1) };
    let program = match set_up(spec, &mut helper).and_then(|null| {
        send(&mut control, &Report::Started);
        start(spec, builtins, files, &null)
    }) {
        Ok(pid) => pid,
        Err(e) => {
            send(&mut control, &e.into());
            sys::exit_now(1)
        }
    };
    drop(control);
    let status = collect(program);
    let _ = helper.write_all(&status.to_ne_bytes());
    sys::exit_now(0)
}

fn set_up(spec: &SandboxSpec, helper: &mut UnixStream) -> Result<File> {
    wait_for(helper, b'm');
    let null = File::open("/dev/null").context(|| "opening /dev/null")?;
    // Kernels without control groups have no namespace for them either.
    // SAFETY: unsharing a namespace touches no memory.
    unsafe { libc::unshare(libc::CLONE_NEWCGROUP) };
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(|e| {
        let help = crate::probe::namespace_help(Some(e.raw_os_error()));
        crate::SandboxError::os("separating the sandbox's mounts", &e.into()).with_help(help)
    })?;
    let sources = tree::Sources::open(spec)?;
    become_inside(spec, helper)?;
    rustix::system::sethostname(spec.hostname.as_bytes()).context(|| "setting the host name")?;
    sys::set_domain_name("(none)").context(|| "setting the domain name")?;
    if spec.network == Network::None {
        sys::loopback_up().context(|| "bringing up the loopback interface")?;
    }
    tree::build(spec, sources)?;
    Ok(null)
}

/// Takes the identity inside. Changing ids clears the parent-death signal, so it is set after, and
/// the helper confirms that it was alive then.
fn become_inside(spec: &SandboxSpec, helper: &mut UnixStream) -> Result<()> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    sys::set_ids(spec.identity.uid, spec.identity.gid)
        .context(|| "taking the sandbox's user and group id")?;
    sys::die_with_parent().context(|| "setting the parent-death signal")?;
    // The program has the same user id and must not trace its supervisor.
    sys::prctl(libc::PR_SET_DUMPABLE, 0).context(|| "closing the supervisor to tracing")?;
    let _ = helper.write_all(b"r");
    wait_for(helper, b'g');
    Ok(())
}

/// The helper's next word; without it there is nobody to work for.
fn wait_for(helper: &mut UnixStream, word: u8) {
    let mut byte = [0];
    if helper.read_exact(&mut byte).is_err() || byte[0] != word {
        sys::exit_now(1);
    }
}

fn start(
    spec: &SandboxSpec,
    builtins: Builtins<'_>,
    files: libc::rlimit,
    null: &File,
) -> Result<libc::pid_t> {
    // SAFETY: this process has one thread.
    let pid = unsafe { sys::fork() }.context(|| "starting the program in the sandbox")?;
    if pid == 0 {
        run_program(spec, builtins, files);
    }
    // The log must end with the program and not with its supervisor.
    sys::redirect_standard_streams(null.as_fd()).context(|| "letting go of the log")?;
    Ok(pid)
}

/// Waits for every child until `program` has ended; returns its wait status.
fn collect(program: libc::pid_t) -> i32 {
    loop {
        match sys::wait_child(-1, false) {
            Ok(Some(ended)) if ended.pid == program => return ended.status,
            Ok(_) => {}
            // No child left although the program was not seen to end: can't happen, don't loop.
            Err(_) => return 0x7f00,
        }
    }
}

/// In the program's process. What fails here is the program's failure and goes to its log.
fn run_program(spec: &SandboxSpec, builtins: Builtins<'_>, files: libc::rlimit) -> ! {
    let failed = match prepare(spec, files) {
        Ok(()) => match &spec.program {
            Program::Exec { path, argv } => exec(spec, path, argv),
            Program::Builtin { name, input } => run_builtin(name, input, builtins),
        },
        Err(e) => e.to_string(),
    };
    let _ = writeln!(std::io::stderr(), "error: {failed}");
    sys::exit_now(1)
}

fn prepare(spec: &SandboxSpec, files: libc::rlimit) -> Result<()> {
    sys::close_from(3).context(|| "closing file descriptors")?;
    sys::block_signals(&[]);
    if !spec.terminal {
        let _ = rustix::process::setsid();
    }
    rustix::process::chdir(&spec.cwd.0[..])
        .context(|| format!("changing into '{}'", String::from_utf8_lossy(&spec.cwd.0)))?;
    confine(spec, files)?;
    sys::die_with_parent().context(|| "setting the parent-death signal")
}

fn exec(spec: &SandboxSpec, path: &Text, argv: &[Text]) -> String {
    // Rust's runtime ignores it, and the program would inherit that.
    sys::default_signal(libc::SIGPIPE);
    if spec.terminal {
        sys::default_signal(libc::SIGINT);
        sys::default_signal(libc::SIGQUIT);
    }
    let strings = |list: &mut dyn Iterator<Item = Vec<u8>>| -> std::io::Result<Vec<CString>> {
        list.map(|bytes| sys::c_string(&bytes)).collect()
    };
    let join = |(name, value): &(Text, Text)| [&name.0[..], b"=", &value.0].concat();
    let prepared = sys::c_string(&path.0).and_then(|path| {
        let argv = strings(&mut argv.iter().map(|a| a.0.clone()))?;
        Ok((path, argv, strings(&mut spec.env.iter().map(join))?))
    });
    let error = match prepared {
        Ok((path, argv, env)) => sys::exec(&path, &argv, &env),
        Err(e) => e,
    };
    let what = format_args!("executing '{}'", String::from_utf8_lossy(&path.0)).to_string();
    crate::SandboxError::os(what, &error).message
}

fn run_builtin(name: &str, input: &serde_json::Value, builtins: Builtins<'_>) -> String {
    // The process got unreadable when it changed ids; its own /proc/self is needed by many.
    let _ = sys::prctl(libc::PR_SET_DUMPABLE, 1);
    match builtins(name, input.clone()) {
        Some(status) => sys::exit_now(status),
        None => format!("unsupported builtin builder '{name}'"),
    }
}
