//! Connections into a container's network, which nothing of the host's leads to.

use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Connects to `address` (`HOST:PORT`) as the container sees it. `process` is any process in its network.
pub fn connect(process: u32, address: &str) -> io::Result<TcpStream> {
    let namespace = File::open(format!("/proc/{process}/ns/net"))?;
    let address = address.to_string();
    // A thread of its own: only it moves, and the connection stays where it was made.
    let thread = std::thread::spawn(move || {
        // SAFETY: setns takes an open descriptor and flags.
        if unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) } != 0 {
            return Err(io::Error::last_os_error());
        }
        TcpStream::connect(address)
    });
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the connecting thread has ended")))
}
