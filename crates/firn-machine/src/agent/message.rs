//! The JSON values that agent frames carry.

use serde::{Deserialize, Serialize};

/// What the agent says of itself when a connection begins.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Hello {
    /// Version of the message set.
    pub version: u32,
    /// The kernel's boot id: two connections with the same id belong to one boot.
    pub boot_id: String,
    /// True while the machine is still in its initrd.
    #[serde(default)]
    pub initrd: bool,
}

/// What the driver asks for; one request opens one stream.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Request {
    /// Runs a command in `bash` under `set -euo pipefail`.
    Exec {
        /// Text for the shell.
        command: String,
        /// Kill it after so many milliseconds and answer status 124, as `timeout` does.
        timeout_ms: Option<u64>,
    },
    /// An interactive shell on a terminal of its own.
    Shell {
        /// Width in characters.
        columns: u16,
        /// Height in lines.
        rows: u16,
    },
    /// Waits for a condition inside the machine.
    Wait {
        /// The condition.
        probe: Probe,
        /// Whether it shall hold or cease to hold.
        holds: bool,
        /// Give up after so many milliseconds.
        timeout_ms: u64,
    },
    /// Takes files: items and input follow.
    Put {
        /// Path that the first item gets.
        target: String,
    },
    /// Gives files: items and output come back.
    Get {
        /// File, link or folder.
        source: String,
    },
    /// Makes a resumed machine one of its own: clock, random numbers, identity.
    Renew {
        /// Nanoseconds since 1970.
        unix_nanos: u64,
        /// Random bytes, in hexadecimal.
        entropy: String,
    },
}

/// A condition that the agent itself can observe without starting programs.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Probe {
    /// A TCP port accepts connections.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port number.
        port: u16,
    },
    /// A unix socket accepts connections (or datagrams).
    Unix {
        /// Path of the socket.
        path: String,
        /// Datagram instead of stream.
        datagram: bool,
    },
}

/// One file on its way: its contents follow as raw frames, `size` bytes.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Entry {
    /// Path below the target, empty for the thing itself.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Length of the contents in bytes; 0 for anything but files.
    pub size: u64,
    /// Target of a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Kinds of files that are copied; others are left out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
}

/// How a stream ended.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Done {
    /// Exit status; 124 after a timeout, 128 + n after signal n.
    pub status: i32,
    /// What went wrong in the agent itself, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// True when the time limit ended it.
    #[serde(default)]
    pub timed_out: bool,
}
