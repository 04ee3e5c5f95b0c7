//! Containers: namespaces with systemd as process 1.
//!
//! The driver starts `firn __container`, a process of its own ([`helper`]), which makes the namespaces and
//! mounts that a [`spec::ContainerSpec`] describes and becomes the supervisor of process 1. The driver and
//! the helper share a socket: the helper sends the console and the network cards' packet sockets, the driver
//! sends signals; when either end closes, everything in the container dies.

mod helper;
mod inside;
mod machine;
mod mounts;
mod spec;

pub use helper::{HELPER_COMMAND, remove_groups, run_helper};
pub use machine::{Container, ContainerOptions};
pub use spec::{Bind, Card, ContainerSpec, Root, cgroup_parent, check_possible};
