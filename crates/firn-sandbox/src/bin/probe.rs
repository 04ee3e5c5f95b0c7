//! The helper program of this crate's tests, both sides of it:
//!
//! * `probe __sandbox` is the sandbox helper, with two builtins;
//! * `probe run UID` reads a `SandboxSpec` from standard input, becomes the user `UID` (and the
//!   group of the same number), runs the sandbox with its own standard output as the log, and
//!   prints what the helper reported to standard error.

use firn_sandbox::{Launcher, SandboxSpec, Stdio, helper_main};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("__sandbox"), None) => helper_main(&builtin),
        (Some("run"), Some(uid)) => run(&uid).unwrap_or_else(|e| {
            eprintln!("{e}");
            ExitCode::from(101)
        }),
        _ => ExitCode::from(2),
    }
}

fn builtin(name: &str, input: serde_json::Value) -> Option<i32> {
    match name {
        "echo" => {
            println!("{input}");
            let own = std::fs::read_link("/proc/self/fd/1");
            println!("own files: {}", own.is_ok());
            Some(7)
        }
        "panic" => panic!("as asked"),
        _ => None,
    }
}

fn run(uid: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let uid: u32 = uid.parse()?;
    // Whoever started the tests in the background left interrupts ignored.
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: only numbers; no handler is installed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let mut json = Vec::new();
    std::io::stdin().read_to_end(&mut json)?;
    let spec: SandboxSpec = serde_json::from_slice(&json)?;
    become_user(uid)?;
    let log: OwnedFd = std::io::stdout().as_fd().try_clone_to_owned()?;
    let running = Launcher::default().start(&spec, Stdio::log_to(log)?)?;
    let (ending, _) = running.wait()?;
    eprintln!("{ending:?}");
    Ok(ExitCode::SUCCESS)
}

fn become_user(uid: u32) -> std::io::Result<()> {
    // SAFETY: only numbers and an empty list; there is one thread.
    let failed = unsafe {
        libc::getuid() != uid
            && (libc::setgroups(0, std::ptr::null()) != 0
                || libc::setgid(uid) != 0
                || libc::setuid(uid) != 0)
    };
    if failed { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}
