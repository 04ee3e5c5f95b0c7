//! Ports of the driver's side that lead into containers; QEMU sees to those of virtual machines.

use crate::config::ForwardPort;
use crate::driver::Driver;
use crate::node::Node;
use firn_machine::{Backend, Machine};
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;

/// Opens the ports of all containers. Those of other kinds than TCP into the container are told of.
///
/// # Errors
/// A port is taken.
pub fn open_all(driver: &Driver) -> Result<(), String> {
    for node in driver.nodes.iter().filter(|node| node.machine.backend() == Backend::Container) {
        for port in &node.config.vm.forward_ports {
            if port.from_guest || port.proto != "tcp" {
                let text = "warning: virtualisation.forwardPorts: only TCP from the host leads into a \
                            container; a virtual machine (`virtualisation.backend = \"vm\"`) has all";
                driver.log.line(Some(&node.name), text);
            } else {
                open(node, port)?;
            }
        }
    }
    Ok(())
}

/// Opens one port of a container's for as long as the node lives.
///
/// # Errors
/// The port is taken.
pub fn open(node: &Node, port: &ForwardPort) -> Result<(), String> {
    let host = some_or(&port.host_address, "0.0.0.0");
    let listener = TcpListener::bind((host, port.host_port)).map_err(|error| {
        format!("{}: cannot forward port {} of the host: {error}", node.name, port.host_port)
    })?;
    let address = format!("{}:{}", some_or(&port.guest_address, "127.0.0.1"), port.guest_port);
    let machine = Arc::downgrade(&node.machine);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(io::Result::ok) {
            let Some(machine) = machine.upgrade() else { return };
            let address = address.clone();
            std::thread::spawn(move || join(machine, &address, stream));
        }
    });
    Ok(())
}

fn some_or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Joins a connection to one inside; where nobody listens, it is closed.
fn join(machine: Arc<dyn Machine>, address: &str, outer: TcpStream) {
    let inner = machine.connect(address);
    drop(machine);
    let Ok(inner) = inner else { return };
    let (Ok(from), Ok(to)) = (outer.try_clone(), inner.try_clone()) else { return };
    let other = std::thread::spawn(move || pass(from, to));
    pass(inner, outer);
    let _ = other.join();
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
