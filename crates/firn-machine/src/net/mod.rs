//! The network between machines: one userspace switch per VLAN.
//!
//! Virtual machines connect with QEMU's `stream` sockets (a unix socket, each frame behind its length in
//! four bytes, big endian); containers with a packet socket on the far end of a veth pair that lives in a
//! network namespace of its own. Nothing of the host's network is touched.

mod fabric;
mod framing;
mod switch;
pub mod veth;

pub use fabric::{Fabric, PortId};
pub use framing::{FrameReader, MAX_ETHERNET};
pub use switch::{Switch, SwitchPort};
