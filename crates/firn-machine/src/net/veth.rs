//! A container's network card: a veth pair between its namespace and one that only the switch uses.
//!
//! The container helper calls this before it starts the container. It makes two network namespaces: the
//! first holds the switch's ends and dies with the last packet socket, the second is the container's.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A card to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card<'a> {
    /// Name inside the container, at most 15 bytes.
    pub name: &'a str,
    /// Its hardware address.
    pub mac: [u8; 6],
}

const NLMSG_ERROR: u16 = 2;
const RTM_NEWLINK: u16 = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const SIOCETHTOOL: libc::c_ulong = 0x8946;
const ETHTOOL_STXCSUM: u32 = 0x17;
const PACKET_IGNORE_OUTGOING: i32 = 23;

/// Moves the calling process into a fresh network namespace with `cards`, and gives for each card the
/// packet socket through which the switch sends and receives its frames.
///
/// The process must be single-threaded and have administrator rights over a new network namespace.
pub fn enter_network(cards: &[Card<'_>]) -> io::Result<Vec<OwnedFd>> {
    if cards.is_empty() {
        unshare_network()?;
        return Ok(Vec::new());
    }
    unshare_network()?;
    let netlink = socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)?;
    let outer: Vec<OwnedFd> = cards
        .iter()
        .map(|_| socket(libc::AF_PACKET, libc::SOCK_RAW | libc::SOCK_NONBLOCK, 0))
        .collect::<io::Result<_>>()?;
    let control = socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    unshare_network()?;
    let inner = std::fs::File::open("/proc/self/ns/net")?;
    for (number, (card, port)) in cards.iter().zip(&outer).enumerate() {
        let port_name = format!("port{number}");
        make_pair(&netlink, &port_name, card, inner.as_raw_fd())?;
        let index = interface_index(&control, &port_name)?;
        bind_packet(port, index)?;
        request(&netlink, &link_up(index))?;
        checksums_in_software(card.name)?;
    }
    Ok(outer)
}

fn unshare_network() -> io::Result<()> {
    // SAFETY: unshare takes flags only.
    check(unsafe { libc::unshare(libc::CLONE_NEWNET) }).map(drop)
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn socket(domain: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: plain system call; the new descriptor is owned by nobody else.
    unsafe {
        let fd = check(libc::socket(domain, kind | libc::SOCK_CLOEXEC, protocol))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

fn attribute(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = 4 + data.len();
    let mut bytes = Vec::with_capacity(length + 3);
    bytes.extend_from_slice(&(length as u16).to_ne_bytes());
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(data);
    bytes.resize(length.div_ceil(4) * 4, 0);
    bytes
}

fn name_attribute(name: &str) -> Vec<u8> {
    attribute(IFLA_IFNAME, &[name.as_bytes(), b"\0"].concat())
}

/// `struct ifinfomsg`: family, type, index, flags, change.
fn interface_message(index: i32, flags: u32, change: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend_from_slice(&index.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&change.to_ne_bytes());
    bytes
}

/// Makes the pair; the second try is for kernels without IPv6, where there is nothing to silence.
fn make_pair(netlink: &OwnedFd, port: &str, card: &Card<'_>, namespace: i32) -> io::Result<()> {
    match request(netlink, &new_veth(port, card, namespace, true)) {
        Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {
            request(netlink, &new_veth(port, card, namespace, false))
        }
        result => result,
    }
}

fn new_veth(port_name: &str, card: &Card<'_>, namespace: i32, silence: bool) -> Vec<u8> {
    let mut peer = interface_message(0, 0, 0);
    peer.extend(name_attribute(card.name));
    peer.extend(attribute(IFLA_ADDRESS, &card.mac));
    peer.extend(attribute(IFLA_NET_NS_FD, &namespace.to_ne_bytes()));
    let data = attribute(IFLA_INFO_DATA, &attribute(VETH_INFO_PEER, &peer));
    let info = [attribute(IFLA_INFO_KIND, b"veth"), data].concat();
    // No address of its own for the switch's end: it must not talk.
    let no_address = attribute(IFLA_INET6_ADDR_GEN_MODE, &[1]);
    let quiet = attribute(IFLA_AF_SPEC, &attribute(libc::AF_INET6 as u16, &no_address));
    let mut body = interface_message(0, 0, 0);
    body.extend(name_attribute(port_name));
    body.extend(attribute(IFLA_LINKINFO, &info));
    if silence {
        body.extend(quiet);
    }
    message(NLM_F_CREATE | NLM_F_EXCL, &body)
}

fn link_up(index: i32) -> Vec<u8> {
    let up = libc::IFF_UP as u32;
    message(0, &interface_message(index, up, up))
}

fn message(flags: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + body.len());
    bytes.extend_from_slice(&(16 + body.len() as u32).to_ne_bytes());
    bytes.extend_from_slice(&RTM_NEWLINK.to_ne_bytes());
    bytes.extend_from_slice(&(flags | NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes());
    bytes.extend_from_slice(&1u32.to_ne_bytes());
    bytes.extend_from_slice(&0u32.to_ne_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Sends a netlink request and reads its acknowledgement.
fn request(netlink: &OwnedFd, message: &[u8]) -> io::Result<()> {
    rustix::io::write(netlink, message)?;
    let mut answer = [0; 4096];
    let count = rustix::io::read(netlink, &mut answer)?;
    let kind = answer.get(4..6).map(|b| u16::from_ne_bytes([b[0], b[1]]));
    if count < 20 || kind != Some(NLMSG_ERROR) {
        return Err(io::Error::other("unexpected answer to a netlink request"));
    }
    match i32::from_ne_bytes([answer[16], answer[17], answer[18], answer[19]]) {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(-error)),
    }
}

/// `struct ifreq` with the name of an interface.
fn interface_request(name: &str) -> io::Result<libc::ifreq> {
    // SAFETY: ifreq is plain data for which zeros are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if name.is_empty() || name.len() >= request.ifr_name.len() {
        let text = format!("the interface name {name:?} must have 1 to 15 bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    for (slot, byte) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *slot = byte as libc::c_char;
    }
    Ok(request)
}

fn interface_index(control: &OwnedFd, name: &str) -> io::Result<i32> {
    let mut request = interface_request(name)?;
    // SAFETY: SIOCGIFINDEX fills the index of a valid ifreq.
    unsafe {
        check(libc::ioctl(control.as_raw_fd(), libc::SIOCGIFINDEX as _, &mut request))?;
        Ok(request.ifr_ifru.ifru_ifindex)
    }
}

fn bind_packet(socket: &OwnedFd, index: i32) -> io::Result<()> {
    let one: i32 = 1;
    // SAFETY: sockaddr_ll is plain data for which zeros are valid, and it outlives the calls.
    unsafe {
        check(libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            PACKET_IGNORE_OUTGOING,
            (&raw const one).cast(),
            4,
        ))?;
        let mut address: libc::sockaddr_ll = std::mem::zeroed();
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = index;
        let size = std::mem::size_of::<libc::sockaddr_ll>() as u32;
        check(libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size)).map(drop)
    }
}

/// Without this the container's kernel leaves checksums and segmentation to a card that does not exist,
/// and the frames that the switch reads would be refused by every receiver.
fn checksums_in_software(name: &str) -> io::Result<()> {
    let control = socket(libc::AF_INET, libc::SOCK_DGRAM, 0)?;
    let mut value: [u32; 2] = [ETHTOOL_STXCSUM, 0];
    let mut request = interface_request(name)?;
    request.ifr_ifru.ifru_data = value.as_mut_ptr().cast();
    // SAFETY: ifru_data points to a struct ethtool_value that outlives the call.
    check(unsafe { libc::ioctl(control.as_raw_fd(), SIOCETHTOOL as _, &mut request) }).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_padded_to_four_bytes() {
        assert_eq!(attribute(3, b"abc"), [7, 0, 3, 0, b'a', b'b', b'c', 0]);
        assert_eq!(attribute(1, &[]), [4, 0, 1, 0]);
    }

    #[test]
    fn long_interface_names_are_refused() {
        assert!(interface_request("sixteen-bytes-xx").is_err());
        assert!(interface_request("fifteen-bytes-x").is_ok());
    }
}
