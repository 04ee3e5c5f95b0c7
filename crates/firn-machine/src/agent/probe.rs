//! Conditions that the agent observes itself, so that waiting starts no programs.

use super::message::{Done, Probe};
use super::serve::Input;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Waits until `probe` holds (or no longer holds); status 1 when the time is over.
pub(super) fn wait(
    probe: &Probe,
    holds: bool,
    timeout_ms: u64,
    input: Receiver<Input>,
) -> io::Result<Done> {
    let limit = Instant::now() + Duration::from_millis(timeout_ms);
    let mut pause = FIRST_PAUSE;
    loop {
        if check(probe) == holds {
            return Ok(Done::default());
        }
        if Instant::now() >= limit {
            return Ok(Done { status: 1, timed_out: true, ..Done::default() });
        }
        match input.recv_timeout(pause) {
            Ok(Input::Cancel) => return Ok(Done { status: 130, ..Done::default() }),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => pause = (pause * 3 / 2).min(LONGEST_PAUSE),
            // The driver has let go of the stream.
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(pause),
        }
    }
}

fn check(probe: &Probe) -> bool {
    match probe {
        Probe::Tcp { host, port } => addresses(host).into_iter().any(|address| {
            TcpStream::connect_timeout(&SocketAddr::new(address, *port), CONNECT_LIMIT).is_ok()
        }),
        Probe::Unix { path, datagram: false } => UnixStream::connect(path).is_ok(),
        Probe::Unix { path, datagram: true } => {
            UnixDatagram::unbound().and_then(|socket| socket.connect(path)).is_ok()
        }
    }
}

/// Addresses of a host. The program is linked statically, so the C library's resolver with its plug-ins is
/// out of reach: literal addresses and `/etc/hosts` are read here, the rest is asked of `getent`.
fn addresses(host: &str) -> Vec<IpAddr> {
    if let Ok(address) = host.parse() {
        return vec![address];
    }
    if host == "localhost" {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let known = in_hosts(&hosts, host);
    if !known.is_empty() {
        return known;
    }
    let Ok(output) = Command::new("getent").args(["ahosts", host]).output() else {
        return Vec::new();
    };
    let mut found: Vec<IpAddr> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    found.dedup();
    found
}

fn in_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or(""));
    lines
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let address = words.next()?.parse().ok()?;
            words.any(|word| word.eq_ignore_ascii_case(host)).then_some(address)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_file() {
        let text = "127.0.0.1 localhost\n192.168.1.2 server.test Server # main\n2001:db8:1::2 server\nbad line\n";
        let expected: Vec<IpAddr> =
            vec![Ipv4Addr::new(192, 168, 1, 2).into(), "2001:db8:1::2".parse().expect("address")];
        assert_eq!(in_hosts(text, "server"), expected);
        assert_eq!(in_hosts(text, "main"), Vec::<IpAddr>::new());
    }
}
