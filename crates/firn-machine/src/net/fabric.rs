//! Which port a frame goes to: a learning switch as a pure state.

use std::collections::{BTreeMap, HashMap};

/// A port of one switch.
pub type PortId = u32;

/// The most addresses remembered; a machine that invents more makes the switch forget, not grow.
const TABLE_LIMIT: usize = 4096;
const HEADER: usize = 14;

/// Ports, their state, and the addresses seen behind them.
#[derive(Default)]
pub struct Fabric {
    ports: BTreeMap<PortId, bool>,
    addresses: HashMap<[u8; 6], PortId>,
    next: PortId,
}

impl Fabric {
    /// A switch without ports.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a port whose link is up.
    pub fn add(&mut self) -> PortId {
        self.next += 1;
        self.ports.insert(self.next, true);
        self.next
    }

    /// Removes a port and what was learned about it.
    pub fn remove(&mut self, port: PortId) {
        self.ports.remove(&port);
        self.addresses.retain(|_, owner| *owner != port);
    }

    /// Pulls or plugs the cable of a port.
    pub fn set_link(&mut self, port: PortId, up: bool) {
        if let Some(link) = self.ports.get_mut(&port) {
            *link = up;
        }
        if !up {
            self.addresses.retain(|_, owner| *owner != port);
        }
    }

    /// The ports that a frame from `from` goes to. It learns the sender's address; a group address, an
    /// unknown one, goes to every other port. Frames shorter than an Ethernet header go nowhere.
    pub fn route(&mut self, from: PortId, frame: &[u8]) -> Vec<PortId> {
        if frame.len() < HEADER || self.ports.get(&from) != Some(&true) {
            return Vec::new();
        }
        let address = |at: usize| -> [u8; 6] { std::array::from_fn(|i| frame[at + i]) };
        let (to, sender) = (address(0), address(6));
        if !is_group(&sender) {
            if self.addresses.len() >= TABLE_LIMIT && !self.addresses.contains_key(&sender) {
                self.addresses.clear();
            }
            self.addresses.insert(sender, from);
        }
        match self.addresses.get(&to) {
            Some(port) if !is_group(&to) => {
                if *port == from {
                    Vec::new()
                } else {
                    vec![*port]
                }
            }
            _ => self.others(from),
        }
    }

    fn others(&self, from: PortId) -> Vec<PortId> {
        self.ports
            .iter()
            .filter(|(port, up)| **up && **port != from)
            .map(|(port, _)| *port)
            .collect()
    }
}

fn is_group(address: &[u8; 6]) -> bool {
    address[0] & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(to: u8, from: u8) -> Vec<u8> {
        let mut bytes = vec![2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from];
        bytes.extend([0x08, 0x00]);
        bytes
    }

    #[test]
    fn learns_floods_and_forgets() {
        let mut fabric = Fabric::new();
        let (a, b, c) = (fabric.add(), fabric.add(), fabric.add());
        assert_eq!(fabric.route(a, &frame(9, 1)), [b, c], "unknown: everywhere");
        assert_eq!(fabric.route(b, &frame(1, 2)), [a], "learned");
        assert!(fabric.route(a, &frame(1, 1)).is_empty(), "never back");
        let mut broadcast = frame(0, 3);
        broadcast[..6].fill(0xff);
        assert_eq!(fabric.route(c, &broadcast), [a, b]);
        fabric.set_link(a, false);
        assert_eq!(fabric.route(b, &frame(1, 2)), [c], "forgotten with the link");
        assert!(fabric.route(a, &frame(2, 1)).is_empty(), "a pulled cable sends nothing");
        fabric.set_link(a, true);
        assert_eq!(fabric.route(a, &frame(2, 1)), [b]);
        fabric.remove(b);
        assert_eq!(fabric.route(a, &frame(2, 1)), [c]);
    }

    #[test]
    fn tagged_frames_pass() {
        let mut fabric = Fabric::new();
        let (a, b) = (fabric.add(), fabric.add());
        let mut tagged = frame(2, 1);
        tagged.splice(12..12, [0x81, 0x00, 0x00, 0x2a]);
        assert_eq!(fabric.route(a, &tagged), [b]);
    }

    proptest! {
        #[test]
        fn never_back_and_only_to_ports(
            frames in proptest::collection::vec((1u32..6, proptest::collection::vec(0u8..4, 0..20)), 0..200),
        ) {
            let mut fabric = Fabric::new();
            let ports: Vec<_> = (0..4).map(|_| fabric.add()).collect();
            for (from, frame) in frames {
                let targets = fabric.route(from, &frame);
                prop_assert!(!targets.contains(&from));
                prop_assert!(targets.iter().all(|port| ports.contains(port)));
                prop_assert!(frame.len() >= HEADER || targets.is_empty());
            }
        }

        #[test]
        fn invented_addresses_do_not_grow_the_table(seed in any::<u32>()) {
            let mut fabric = Fabric::new();
            let port = fabric.add();
            for i in 0..(TABLE_LIMIT as u32 + 10) {
                let n = i.wrapping_add(seed).to_be_bytes();
                let bytes = [2, 0, 0, 0, 0, 0, 2, 0, n[0], n[1], n[2], n[3], 8, 0];
                fabric.route(port, &bytes);
            }
            prop_assert!(fabric.addresses.len() <= TABLE_LIMIT);
        }
    }
}
