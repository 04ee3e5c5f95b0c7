//! System calls that no safe wrapper covers; each returns an error instead of -1.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::raw::{c_int, c_long};

fn check(result: c_long) -> io::Result<c_long> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Bytes as a C string; a NUL inside is an error.
pub fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| {
        let text = format!("'{}' contains a NUL byte", String::from_utf8_lossy(bytes));
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })
}

/// `clone3` with `flags` and no new stack: like `fork`, returns 0 in the child.
///
/// # Safety
/// The process must have one thread, and `flags` must not share memory: then the child continues
/// with its own copy of everything, as after `fork`.
pub unsafe fn clone_process(flags: c_int) -> io::Result<libc::pid_t> {
    // SAFETY: an all-zero clone_args is valid, the kernel only reads it.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = u64::from(flags.cast_unsigned());
    args.exit_signal = u64::from(libc::SIGCHLD.cast_unsigned());
    let size = size_of::<libc::clone_args>();
    // SAFETY: `args` lives through the call; sharing nothing is the caller's promise.
    let pid = check(unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size) })?;
    Ok(i32::try_from(pid).unwrap_or(0))
}

/// `fork`.
///
/// # Safety
/// The process must have one thread.
pub unsafe fn fork() -> io::Result<libc::pid_t> {
    // SAFETY: with one thread the child may do anything; the caller promises that.
    check(c_long::from(unsafe { libc::fork() })).map(|pid| i32::try_from(pid).unwrap_or(0))
}

/// `mount_setattr` on an open mount: sets `attributes` (`MOUNT_ATTR_…`).
pub fn set_mount_attributes(
    mount: BorrowedFd<'_>,
    attributes: u64,
    recursive: bool,
) -> io::Result<()> {
    // SAFETY: all-zero is a valid mount_attr.
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    attr.attr_set = attributes;
    let flags = libc::AT_EMPTY_PATH | if recursive { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the path is a static empty C string, `attr` lives through the call.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            flags,
            &raw const attr,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

/// Makes `new_root` the root of the mount namespace and puts the old root over it.
pub fn pivot_root_here() -> io::Result<()> {
    // SAFETY: both arguments are static C strings.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) }).map(drop)
}

/// One `prctl` option with a number.
pub fn prctl(option: c_int, value: libc::c_ulong) -> io::Result<()> {
    // SAFETY: the options used here take numbers, no pointers.
    check(c_long::from(unsafe { libc::prctl(option, value, 0, 0, 0) })).map(drop)
}

/// The signal that this process gets when its parent thread ends.
pub fn die_with_parent() -> io::Result<()> {
    prctl(libc::PR_SET_PDEATHSIG, libc::c_ulong::from(libc::SIGKILL.cast_unsigned()))
}

/// Real, effective and saved user and group ids.
pub fn set_ids(uid: u32, gid: u32) -> io::Result<()> {
    // The raw calls: the C library's wrappers would try to reach other threads by signals.
    // SAFETY: only numbers are passed.
    check(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })?;
    // SAFETY: only numbers are passed.
    check(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) }).map(drop)
}

/// Leaves every supplementary group.
pub fn drop_groups() -> io::Result<()> {
    // SAFETY: an empty list, so the pointer is not read.
    check(unsafe { libc::syscall(libc::SYS_setgroups, 0, std::ptr::null::<u32>()) }).map(drop)
}

/// Gives up all capabilities, also those that could be inherited.
pub fn drop_capabilities() -> io::Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    // _LINUX_CAPABILITY_VERSION_3: two sets of 32.
    let header = Header { version: 0x2008_0522, pid: 0 };
    let data = [0u32; 6];
    let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL.cast_unsigned();
    prctl(libc::PR_CAP_AMBIENT, libc::c_ulong::from(clear))?;
    // SAFETY: the layout is the kernel's, both live through the call.
    check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, data.as_ptr()) }).map(drop)
}

/// Closes every file descriptor from `first` on.
pub fn close_from(first: u32) -> io::Result<()> {
    // SAFETY: the caller owns no descriptor objects in that range that it still uses.
    check(unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) }).map(drop)
}

/// Sets the domain name of the UTS namespace.
pub fn set_domain_name(name: &str) -> io::Result<()> {
    // SAFETY: pointer and length describe `name`.
    check(c_long::from(unsafe { libc::setdomainname(name.as_ptr().cast(), name.len()) })).map(drop)
}

/// Brings the loopback interface of the network namespace up.
pub fn loopback_up() -> io::Result<()> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let socket = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    // SAFETY: all-zero is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l'.cast_signed();
    request.ifr_name[1] = b'o'.cast_signed();
    let flags = libc::IFF_UP | libc::IFF_LOOPBACK | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = i16::try_from(flags).unwrap_or_default();
    let fd = socket.as_raw_fd();
    // SAFETY: the request lives through the call and has the type SIOCSIFFLAGS takes.
    check(c_long::from(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS, &raw const request) }))
        .map(drop)
}

/// A resource limit of this process.
pub fn get_limit(resource: u32) -> io::Result<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is writable and of the right type.
    check(c_long::from(unsafe { libc::getrlimit(resource, &raw mut limit) }))?;
    Ok(limit)
}

/// Sets a resource limit of this process.
pub fn set_limit(resource: u32, limit: libc::rlimit) -> io::Result<()> {
    // SAFETY: `limit` is readable and of the right type.
    check(c_long::from(unsafe { libc::setrlimit(resource, &raw const limit) })).map(drop)
}

/// How this machine presents itself, and addresses that are the same on every run.
pub fn set_personality(linux32: bool) -> io::Result<()> {
    const PER_LINUX32: libc::c_ulong = 8;
    const ADDR_NO_RANDOMIZE: libc::c_ulong = 0x004_0000;
    let base = if linux32 { PER_LINUX32 } else { 0 };
    // SAFETY: only a number is passed.
    check(c_long::from(unsafe { libc::personality(base | ADDR_NO_RANDOMIZE) })).map(drop)
}

/// Replaces the program. Only returns on failure.
pub fn exec(path: &CString, argv: &[CString], env: &[CString]) -> io::Error {
    let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
        list.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (argv, env) = (pointers(argv), pointers(env));
    // SAFETY: both lists end in a null pointer and their strings live through the call.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    io::Error::last_os_error()
}

/// Ends the process without running anything of the language's or the C library's.
pub fn exit_now(code: c_int) -> ! {
    // SAFETY: always allowed.
    unsafe { libc::_exit(code) }
}

/// Resets a signal to its default action.
pub fn default_signal(signal: c_int) {
    // SAFETY: SIG_DFL is a valid action for every signal used here.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Ignores a signal, here and in what is started from here until it resets that.
pub fn ignore_signal(signal: c_int) {
    // SAFETY: SIG_IGN is a valid action for every signal used here.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Blocks `signals` and empties the rest of the mask.
pub fn block_signals(signals: &[c_int]) {
    // SAFETY: the set is initialised before use; these functions only touch it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, *signal);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
}

/// Waits for one of the blocked `signals`.
pub fn wait_signal(signals: &[c_int]) -> c_int {
    // SAFETY: the set is initialised before use; no information about the signal is asked for.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, *signal);
        }
        libc::sigwaitinfo(&raw const set, std::ptr::null_mut())
    }
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub pid: libc::pid_t,
    pub status: c_int,
    pub user_micros: u64,
    pub system_micros: u64,
}

/// Waits for `pid` (or any child for -1). `None` when `nonblocking` and nothing ended.
pub fn wait_child(pid: libc::pid_t, nonblocking: bool) -> io::Result<Option<Ended>> {
    let micros =
        |t: libc::timeval| t.tv_sec.cast_unsigned() * 1_000_000 + t.tv_usec.cast_unsigned();
    loop {
        let mut status = 0;
        // SAFETY: all-zero is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        let flags = if nonblocking { libc::WNOHANG } else { 0 };
        // SAFETY: both out-pointers are valid for the call.
        let got = unsafe { libc::wait4(pid, &raw mut status, flags, &raw mut usage) };
        match check(c_long::from(got)) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
            Ok(0) => return Ok(None),
            Ok(_) => {
                return Ok(Some(Ended {
                    pid: got,
                    status,
                    user_micros: micros(usage.ru_utime),
                    system_micros: micros(usage.ru_stime),
                }));
            }
        }
    }
}

/// Sends SIGKILL to one process that is a child of this one.
pub fn kill_child(pid: libc::pid_t) {
    // SAFETY: only numbers; a child that was not waited for keeps its id.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}

/// Makes the three standard streams copies of `file`.
pub fn redirect_standard_streams(file: BorrowedFd<'_>) -> io::Result<()> {
    for number in 0..3 {
        // SAFETY: only numbers; the streams belong to the process and nothing here owns them.
        check(c_long::from(unsafe { libc::dup2(file.as_raw_fd(), number) }))?;
    }
    Ok(())
}
