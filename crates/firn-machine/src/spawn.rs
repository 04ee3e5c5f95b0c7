//! Starting child processes that die with the driver.
//!
//! The kernel sends the parent-death signal when the *thread* that started a child ends, so all children
//! are started by one thread that lives as long as the process.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

type Job = Box<dyn FnOnce() + Send>;

fn spawner() -> &'static Mutex<Sender<Job>> {
    static SPAWNER: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    SPAWNER.get_or_init(|| {
        let (sender, jobs) = channel::<Job>();
        std::thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Mutex::new(sender)
    })
}

/// Starts `command`; the child is killed when this process dies.
///
/// `keep` lists file descriptors of this process with the number that each gets in the child.
pub fn spawn_bound(mut command: Command, keep: Vec<(OwnedFd, RawFd)>) -> io::Result<Child> {
    let (answer, result) = channel();
    let job: Job = Box::new(move || {
        let numbers: Vec<_> = keep.iter().map(|(fd, to)| (fd.as_raw_fd(), *to)).collect();
        // SAFETY: the closure runs between fork and exec and makes only async-signal-safe system calls
        // (prctl, fcntl, dup2) on descriptors that `keep` holds open until the spawn is over.
        unsafe { command.pre_exec(move || prepare_child(&numbers)) };
        let child = command.spawn();
        drop(keep);
        let _ = answer.send(child);
    });
    let gone = || io::Error::other("the thread that starts processes has ended");
    spawner().lock().map_err(|_| gone())?.send(job).map_err(|_| gone())?;
    result.recv().map_err(|_| gone())?
}

/// Lets `command` and all that it starts do without huge pages: the kernel clears each as a whole when one byte
/// of it is touched, and an emulated machine that boots touches its memory here and there.
///
/// A kernel that does not know the request (before Linux 3.15) goes on as before.
pub fn without_huge_pages(command: &mut Command) {
    // SAFETY: the closure runs between fork and exec, and makes one system call on integers.
    unsafe {
        command.pre_exec(|| {
            let (yes, none): (libc::c_ulong, libc::c_ulong) = (1, 0);
            libc::prctl(libc::PR_SET_THP_DISABLE, yes, none, none, none);
            Ok(())
        })
    };
}

/// Asks for death with the parent and moves descriptors to their places.
fn prepare_child(numbers: &[(RawFd, RawFd)]) -> io::Result<()> {
    // SAFETY: plain system calls on integers.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
            return Err(io::Error::last_os_error());
        }
        // Out of the way first, so that no target number still holds a source.
        let mut moved = [0; 8];
        for (slot, (from, _)) in moved.iter_mut().zip(numbers) {
            *slot = libc::fcntl(*from, libc::F_DUPFD_CLOEXEC, 64);
            if *slot < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        for (from, (_, to)) in moved.iter().zip(numbers) {
            if libc::dup2(*from, *to) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
    }
    Ok(())
}
