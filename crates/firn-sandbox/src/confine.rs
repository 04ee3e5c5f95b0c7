//! The last steps before the program runs: what it can no longer do.

use crate::error::{Context, Result};
use crate::seccomp;
use crate::spec::{Limit, Network, Privileges, SandboxSpec};
use crate::sys;
use std::io;

/// Confines this process as `spec` says; `files` is the limit of open files to go back to.
pub fn confine(spec: &SandboxSpec, files: libc::rlimit) -> Result<()> {
    sys::set_limit(libc::RLIMIT_NOFILE, files).context(|| "setting the limit of open files")?;
    for limit in &spec.limits {
        set_limit(limit).context(|| format!("setting resource limit {}", limit.resource))?;
    }
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    sys::set_personality(spec.linux32).context(|| "setting the personality")?;
    if spec.privileges != Privileges::Nested {
        sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1).context(|| "setting no-new-privs")?;
        if spec.network == Network::Host {
            scope_abstract_sockets().context(|| "keeping away from the host's abstract sockets")?;
        }
        if spec.filter_syscalls {
            seccomp::apply().context(|| "installing the system call filter")?;
        }
    }
    if spec.privileges == Privileges::None {
        sys::drop_capabilities().context(|| "dropping capabilities")?;
    }
    Ok(())
}

fn set_limit(limit: &Limit) -> io::Result<()> {
    let present = sys::get_limit(limit.resource)?;
    let hard = limit.hard.unwrap_or(libc::RLIM_INFINITY).min(present.rlim_max);
    let soft = limit.soft.unwrap_or(libc::RLIM_INFINITY).min(hard);
    sys::set_limit(limit.resource, libc::rlimit { rlim_cur: soft, rlim_max: hard })
}

/// A process on the host's network could pass file descriptors through abstract sockets to an
/// accomplice outside and so change an output after it was checked; Landlock closes that door
/// since its version 6. Older kernels leave it open, where copying fixed outputs helps.
fn scope_abstract_sockets() -> io::Result<()> {
    #[repr(C)]
    struct RulesetAttributes {
        handled_access_fs: u64,
        handled_access_net: u64,
        scoped: u64,
    }
    const SCOPE_ABSTRACT_UNIX_SOCKET: u64 = 1;
    const VERSION: u32 = 1;
    let create = libc::SYS_landlock_create_ruleset;
    // SAFETY: asking for the version takes a null pointer and size zero.
    let version =
        unsafe { libc::syscall(create, std::ptr::null::<RulesetAttributes>(), 0usize, VERSION) };
    if version < 6 {
        return Ok(());
    }
    let attributes = RulesetAttributes {
        handled_access_fs: 0,
        handled_access_net: 0,
        scoped: SCOPE_ABSTRACT_UNIX_SOCKET,
    };
    // SAFETY: pointer and size describe `attributes`, whose layout is the kernel's.
    let ruleset =
        unsafe { libc::syscall(create, &raw const attributes, size_of::<RulesetAttributes>(), 0) };
    // SAFETY: only numbers are passed.
    if ruleset < 0 || unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was opened above and is used nowhere else.
    unsafe { libc::close(libc::c_int::try_from(ruleset).unwrap_or(-1)) };
    Ok(())
}
