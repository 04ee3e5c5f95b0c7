//! Virtual machines and containers behind one trait: console, guest shell, network switch.
//!
//! [`Machine`] is what a test driver works with. [`container`] runs a system in namespaces, [`qemu`] in a
//! virtual machine, [`agent`] is firn inside the machine and the driver's channel to it, [`net`] the switch
//! between machines, [`image`] makes file system images.

mod console;
mod error;
mod machine;
mod process;
mod spawn;

pub mod agent;
pub mod container;
pub mod image;
pub mod net;
pub mod qemu;

pub use console::{Console, LineListener};
pub use error::{ErrorKind, MachineError, Result};
pub use machine::{Backend, Hardware, Machine, StartOptions, State};
pub use spawn::spawn_bound;
