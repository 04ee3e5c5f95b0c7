//! What a sandbox is, as plain data.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Bytes that are text almost always: JSON text if UTF-8, else a list of numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(pub Vec<u8>);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(text.into_bytes())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Text(bytes)
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => to.serialize_str(text),
            Err(_) => to.collect_seq(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Bytes(Vec<u8>),
        }
        Ok(match Either::deserialize(from)? {
            Either::Text(text) => Text(text.into_bytes()),
            Either::Bytes(bytes) => Text(bytes),
        })
    }
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// A program inside the sandbox.
    Exec {
        /// Its path inside.
        path: Text,
        /// All arguments, the program's own name first.
        argv: Vec<Text>,
    },
    /// A function of the helper process, from the table it was started with.
    Builtin {
        /// Its name in the table.
        name: String,
        /// What it works on; the sandbox only passes it on.
        input: serde_json::Value,
    },
}

/// A range of user or group ids, the same ids inside and outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// First id inside.
    pub inside: u32,
    /// First id outside.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// Who the program is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// User id inside; must lie in `uids`.
    pub uid: u32,
    /// Group id inside; must lie in `gids`.
    pub gid: u32,
    /// All user ids that exist inside. Without privileges: one range of one id, the caller's.
    pub uids: Vec<IdRange>,
    /// All group ids that exist inside.
    pub gids: Vec<IdRange>,
}

impl Identity {
    /// One user and one group.
    pub fn single(uid: u32, gid: u32, host_uid: u32, host_gid: u32) -> Identity {
        Identity {
            uid,
            gid,
            uids: vec![IdRange { inside: uid, outside: host_uid, count: 1 }],
            gids: vec![IdRange { inside: gid, outside: host_gid, count: 1 }],
        }
    }

    /// Root inside, with `count` ids from `host_first` on.
    pub fn range(host_first: u32, count: u32) -> Identity {
        let range = IdRange { inside: 0, outside: host_first, count };
        Identity { uid: 0, gid: 0, uids: vec![range], gids: vec![range] }
    }
}

/// What there is of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Only a loopback interface of its own.
    None,
    /// The host's network. Abstract sockets of the host stay out of reach where the kernel can do
    /// that (Landlock scopes, Linux 6.12).
    Host,
}

/// What the program may do beyond an ordinary user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Privileges {
    /// Nothing: no capabilities, no new privileges, the system call filter.
    None,
    /// Root of its user namespace, still with no new privileges and the filter: what a build with
    /// the feature `uid-range` gets.
    NamespaceRoot,
    /// Root of its user namespace without the two, for a program that runs whole systems in
    /// containers of its own. Each allowance has its reason: set-user-id files and gaining
    /// privileges at exec, because `su` and `sudo` inside a container need them; extended
    /// attributes, because overlay file systems and systemd's cgroups keep state there. All of it
    /// stays inside the user namespace, and the folders it can write are unreachable for others.
    Nested,
}

/// What a resource limit is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// `RLIMIT_…` as a number of the running kernel.
    pub resource: u32,
    /// Soft limit; `None` is without limit.
    pub soft: Option<u64>,
    /// Hard limit; `None` is without limit.
    pub hard: Option<u64>,
}

/// One thing of the file tree inside, made in the order given. Paths are absolute paths inside;
/// missing parents are made; symbolic links on the way are errors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "make", rename_all = "kebab-case")]
pub enum Entry {
    /// A folder.
    Dir {
        /// Where.
        path: Text,
        /// Permission bits.
        mode: u32,
    },
    /// A file with contents.
    File {
        /// Where.
        path: Text,
        /// What is in it.
        contents: Text,
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link.
    Symlink {
        /// Where.
        path: Text,
        /// What it points to.
        target: Text,
    },
    /// A file or folder of the host. If the source is a symbolic link, the link is made anew.
    Bind {
        /// Path on the host, not followed if it is a symbolic link.
        source: Text,
        /// Where inside.
        path: Text,
        /// Whether it can be written to.
        writable: bool,
        /// Whether it may be missing on the host; then nothing is made.
        optional: bool,
    },
    /// An empty file system in memory.
    Tmpfs {
        /// Where.
        path: Text,
        /// Permission bits of its top.
        mode: u32,
        /// Size limit as mount(8) takes it, such as `50%`; none is the kernel's default.
        size: Option<String>,
    },
    /// The processes of the sandbox.
    Proc {
        /// Where.
        path: Text,
    },
    /// The kernel's view of devices; needs [`Network::None`].
    Sys {
        /// Where.
        path: Text,
    },
    /// Pseudo terminals of its own.
    DevPts {
        /// Where.
        path: Text,
    },
    /// The control groups below its own; nothing is made if the kernel refuses.
    Cgroup2 {
        /// Where.
        path: Text,
    },
}

/// One sandboxed process: everything about it, and nothing else of the host is visible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SandboxSpec {
    /// What runs.
    pub program: Program,
    /// The whole environment.
    pub env: Vec<(Text, Text)>,
    /// Working folder inside.
    pub cwd: Text,
    /// The file tree inside.
    pub tree: Vec<Entry>,
    /// Whether the top of the tree, a file system in memory, can be written to.
    pub root_writable: bool,
    /// Stay in the caller's session, so that the terminal is the program's as well: a Ctrl-C reaches both.
    #[serde(default)]
    pub terminal: bool,
    /// Who it is.
    pub identity: Identity,
    /// Its network.
    pub network: Network,
    /// Its host name.
    pub hostname: String,
    /// What it may do.
    pub privileges: Privileges,
    /// Whether to filter system calls (setting `filter-syscalls`); [`Privileges::Nested`] never has
    /// the filter.
    pub filter_syscalls: bool,
    /// Whether 32-bit programs see a 32-bit machine.
    pub linux32: bool,
    /// Whether to make a control group below the caller's and hand it over, where permitted.
    pub cgroup: bool,
    /// Resource limits.
    pub limits: Vec<Limit>,
}

impl SandboxSpec {
    /// A sandbox for `program` with nothing in it, for the caller to fill: no network, no
    /// privileges, host name `localhost`, no core files.
    pub fn new(program: Program, identity: Identity) -> SandboxSpec {
        SandboxSpec {
            program,
            env: Vec::new(),
            cwd: "/".into(),
            tree: Vec::new(),
            root_writable: false,
            terminal: false,
            identity,
            network: Network::None,
            hostname: "localhost".into(),
            privileges: Privileges::None,
            filter_syscalls: true,
            linux32: false,
            cgroup: false,
            limits: vec![Limit { resource: libc::RLIMIT_CORE, soft: Some(0), hard: None }],
        }
    }

    /// Adds a read-only or writable view of a host path.
    pub fn bind(&mut self, source: impl Into<PathBuf>, path: impl Into<Text>, writable: bool) {
        use std::os::unix::ffi::OsStringExt;
        let source = Text(source.into().into_os_string().into_vec());
        self.tree.push(Entry::Bind { source, path: path.into(), writable, optional: false });
    }

    /// Adds a `/dev` with the harmless devices, terminals and shared memory, and `/proc`.
    /// `shm_size` limits `/dev/shm` (setting `sandbox-dev-shm-size`).
    pub fn add_dev_and_proc(&mut self, shm_size: &str) {
        for name in ["full", "null", "random", "tty", "urandom", "zero"] {
            self.add_device(name, false);
        }
        let links = [
            ("/dev/fd", "/proc/self/fd"),
            ("/dev/stdin", "/proc/self/fd/0"),
            ("/dev/stdout", "/proc/self/fd/1"),
            ("/dev/stderr", "/proc/self/fd/2"),
            ("/dev/ptmx", "/dev/pts/ptmx"),
        ];
        for (path, target) in links {
            self.tree.push(Entry::Symlink { path: path.into(), target: target.into() });
        }
        let size = Some(shm_size.to_owned());
        self.tree.push(Entry::Tmpfs { path: "/dev/shm".into(), mode: 0o1777, size });
        self.tree.push(Entry::DevPts { path: "/dev/pts".into() });
        self.tree.push(Entry::Proc { path: "/proc".into() });
    }

    /// Shows one more device of the host, such as `kvm` or `net/tun`.
    pub fn add_device(&mut self, name: &str, optional: bool) {
        let path = Text::from(format!("/dev/{name}"));
        self.tree.push(Entry::Bind { source: path.clone(), path, writable: true, optional });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_json_even_when_it_is_no_text() {
        for bytes in [&b"abc"[..], b"", b"\xff\x00x", "é\n".as_bytes()] {
            let text = Text(bytes.to_vec());
            let json = serde_json::to_string(&text).unwrap();
            assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text, "{json}");
        }
    }

    #[test]
    fn spec_survives_json() {
        let program = Program::Exec { path: "/bin/sh".into(), argv: vec!["sh".into()] };
        let mut spec = SandboxSpec::new(program, Identity::single(1000, 100, 5, 6));
        spec.add_dev_and_proc("50%");
        spec.bind("/tmp/x", "/build", true);
        spec.env.push((Text(vec![0xfe]), "v".into()));
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<SandboxSpec>(&json).unwrap(), spec);
    }
}
