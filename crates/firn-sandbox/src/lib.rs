//! Runs one process described by a sandbox specification: namespaces, mounts, seccomp, limits.
//!
//! # The processes
//!
//! ```text
//! caller (many threads)                      Launcher::start, Running
//!   └─ helper     the same program again,    supervises: ids, control group, end of all
//!        │        one thread, `helper_main`
//!        └─ init  process 1 of the sandbox   builds the file tree, collects orphans
//!             └─ program                     the builder
//! ```
//!
//! Each of the three lower ones dies with the one above (the parent-death signal, which the program
//! itself can't change because it is held by `init`), and with `init` the kernel ends everything in
//! its process namespace. The tree of mounts lives in a mount namespace that no one else holds, on
//! a file system in memory, so that nothing is left on the host when they are gone.
//!
//! # The helper's contract
//!
//! The helper is started with one end of a socket as file descriptor 3. It reads one JSON object
//! (`{"parent": pid, "spec": SandboxSpec}`) up to the end of the stream, and answers with one JSON
//! [`Report`] per line; descriptors 0 to 2 become the program's.

mod cgroup;
mod confine;
mod error;
mod helper;
mod init;
mod probe;
mod run;
mod seccomp;
mod spec;
mod sys;
mod tree;

pub use error::SandboxError;
pub use helper::{Builtins, helper_main};
pub use probe::namespace_help;
pub use run::{Ending, Launcher, Report, Running, Stdio, Usage};
pub use spec::{Entry, IdRange, Identity, Limit, Network, Privileges, Program, SandboxSpec, Text};
