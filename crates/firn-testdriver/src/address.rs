//! Addresses as socat writes them, as far as a shell may be reached at them.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

/// Where somebody waits, or comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `tcp:HOST:PORT`
    Tcp(String),
    /// `tcp-listen:PORT`
    TcpListen(String),
    /// `unix:PATH`
    Unix(PathBuf),
    /// `unix-listen:PATH`
    UnixListen(PathBuf),
}

impl Address {
    /// Reads an address. Options of socat's, after a comma, have no effect but `bind=`.
    ///
    /// # Errors
    /// A sentence that says what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split(',');
        let head = words.next().unwrap_or_default();
        let bind = words.find_map(|word| word.strip_prefix("bind=")).unwrap_or("127.0.0.1");
        let (kind, rest) = head.split_once(':').unwrap_or((head, ""));
        let address = match kind.to_ascii_lowercase().as_str() {
            "tcp" | "tcp4" | "tcp-connect" | "tcp4-connect" => Self::Tcp(rest.into()),
            "tcp-listen" | "tcp4-listen" | "tcp-l" => Self::TcpListen(format!("{bind}:{rest}")),
            "unix" | "unix-connect" => Self::Unix(rest.into()),
            "unix-listen" | "unix-l" => Self::UnixListen(rest.into()),
            _ => return Err(wrong(text)),
        };
        let port =
            |host: &str| host.rsplit_once(':').is_some_and(|(_, p)| p.parse::<u16>().is_ok());
        let fits = match &address {
            Self::Tcp(host) | Self::TcpListen(host) => port(host),
            Self::Unix(path) | Self::UnixListen(path) => !path.as_os_str().is_empty(),
        };
        if fits { Ok(address) } else { Err(wrong(text)) }
    }

    /// Connects, or waits for one who does.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> io::Result<(Box<dyn Read + Send>, Peer)> {
        let peer = match self {
            Self::Tcp(address) => Peer::Tcp(TcpStream::connect(address)?),
            Self::TcpListen(address) => Peer::Tcp(TcpListener::bind(address)?.accept()?.0),
            Self::Unix(path) => Peer::Unix(UnixStream::connect(path)?),
            Self::UnixListen(path) => {
                let listener = UnixListener::bind(path)?;
                let accepted = listener.accept();
                let _ = std::fs::remove_file(path);
                Peer::Unix(accepted?.0)
            }
        };
        let reader: Box<dyn Read + Send> = match peer.try_clone()? {
            Peer::Tcp(stream) => Box::new(stream),
            Peer::Unix(stream) => Box::new(stream),
        };
        Ok((reader, peer))
    }
}

fn wrong(text: &str) -> String {
    format!(
        "shell_interact(): '{text}' is no address; there are tcp:HOST:PORT, tcp-listen:PORT, unix:PATH and \
         unix-listen:PATH, as socat has them, and without one the shell is at the terminal"
    )
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::TcpListen(address) => write!(f, "{address}, for the first who connects"),
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::UnixListen(path) => write!(f, "{}, for the first who connects", path.display()),
        }
    }
}

/// Who is at the other end.
pub enum Peer {
    /// Over the network.
    Tcp(TcpStream),
    /// On the same machine.
    Unix(UnixStream),
}

impl Peer {
    /// A second handle.
    ///
    /// # Errors
    /// Descriptors have run out.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone()?),
            Self::Unix(stream) => Self::Unix(stream.try_clone()?),
        })
    }

    /// Hangs up.
    pub fn close(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }
}

impl Write for Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for (text, address) in [
            ("tcp:localhost:4000", Some(Address::Tcp("localhost:4000".into()))),
            ("TCP-LISTEN:4000,reuseaddr", Some(Address::TcpListen("127.0.0.1:4000".into()))),
            ("tcp-listen:4000,bind=0.0.0.0", Some(Address::TcpListen("0.0.0.0:4000".into()))),
            ("unix-listen:/a b", Some(Address::UnixListen("/a b".into()))),
            ("tcp:4000", None),
            ("tcp-listen:http", None),
            ("unix:", None),
            ("readline", None),
        ] {
            assert_eq!(Address::parse(text).ok(), address, "{text}");
        }
    }
}
