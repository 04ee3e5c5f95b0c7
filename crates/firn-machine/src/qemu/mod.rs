//! Virtual machines in QEMU.
//!
//! [`command`] turns a [`VmSpec`] into a command line, [`qmp`] talks to the running QEMU, [`probe`] finds out
//! whether hardware acceleration truly works, and [`Vm`] joins them into a [`crate::Machine`].

mod command;
mod machine;
pub mod probe;
mod qmp;
mod resets;
pub mod saved;

pub use command::{
    Accelerator, Boot, Drive, DriveBus, Firmware, Forward, NetCard, Share, Sockets, TCG_PROCESSOR,
    Tpm, UserNet, VmSpec,
};
pub use machine::{Companion, Start, Vm, VmOptions};
pub use qmp::{QmpClient, QmpMessage};
pub use saved::SavedBoot;
