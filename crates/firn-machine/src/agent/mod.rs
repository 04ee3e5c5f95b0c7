//! The agent: firn inside a machine, doing what the test driver asks for.
//!
//! [`frame`] is the channel, [`message`] what travels on it, [`serve`] the side inside the machine and
//! [`client`] the driver's side. The agent connects to the driver, never the reverse: over a virtio-serial
//! port in virtual machines, over a bind-mounted unix socket in containers.

pub mod client;
mod exec;
mod files;
pub mod frame;
pub mod message;
mod probe;
mod renew;
mod serve;
mod shell;

pub use client::{AgentClient, ExecOutput};
pub use serve::{AgentOptions, find_port, serve};

/// Version of the message set, in `Hello`.
pub const VERSION: u32 = 1;
/// Name of the virtio-serial port.
pub const PORT_NAME: &str = "firn.agent";
/// Where a container sees the driver's socket.
pub const CONTAINER_SOCKET: &str = "/run/firn-agent/driver.sock";

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The hidden command that runs [`run_agent`].
pub const AGENT_COMMAND: &str = "__agent";

/// Runs the agent of the machine in which this process is, until the driver goes away.
///
/// It finds its channel itself: the socket at [`CONTAINER_SOCKET`], or the virtio-serial port named
/// [`PORT_NAME`], for which it waits while the kernel still sets up devices. `shell` is the bash that runs
/// commands. Made to be restarted by systemd: it ends when the connection ends.
pub fn run_agent(shell: PathBuf, initrd: bool) -> io::Result<()> {
    let options = AgentOptions { shell, initrd };
    if std::fs::exists(CONTAINER_SOCKET)? {
        let socket = std::os::unix::net::UnixStream::connect(CONTAINER_SOCKET)?;
        return serve(socket.try_clone()?, socket, &options);
    }
    let port = wait_for_port()?;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(&port)?;
    serve(file.try_clone()?, file, &options)
}

fn wait_for_port() -> io::Result<PathBuf> {
    const TRIES: u32 = 600;
    for _ in 0..TRIES {
        if let Some(port) = find_port().filter(|port| port.exists()) {
            return Ok(port);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let text = format!("this machine has no virtio-serial port named {PORT_NAME}");
    Err(io::Error::new(io::ErrorKind::NotFound, text))
}
