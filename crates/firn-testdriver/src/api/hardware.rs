//! QEMU's monitor and what goes through it.

use super::{Context, Method};
use crate::config::ForwardPort;
use crate::failure::{Failure, Outcome};
use crate::forward;
use firn_machine::Backend;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const METHODS: &[Method] = &[
    Method { name: "send_monitor_command", signature: "command: str", run: send_monitor_command },
    Method { name: "wait_for_monitor_prompt", signature: "", run: wait_for_monitor_prompt },
    Method {
        name: "wait_for_qmp_event",
        signature: "event_filter: function, timeout: duration? = 600",
        run: wait_for_qmp_event,
    },
    Method { name: "qmp_command", signature: "command: str, args: any = None", run: qmp_command },
    Method {
        name: "forward_port",
        signature: "host_port: int = 8080, guest_port: int = 80",
        run: forward_port,
    },
    Method { name: "process_id", signature: "", run: process_id },
];

fn send_monitor_command(context: &mut Context<'_>) -> Outcome<Value> {
    context.check_conditions()?;
    let command = context.args.text("command").to_string();
    Ok(json!(context.node()?.machine.hardware()?.monitor(&command)?))
}

/// There is nothing to wait for: monitor commands are answered one by one.
fn wait_for_monitor_prompt(context: &mut Context<'_>) -> Outcome<Value> {
    context.node()?.machine.hardware()?;
    Ok(json!(""))
}

fn wait_for_qmp_event(context: &mut Context<'_>) -> Outcome<Value> {
    let filter = context.args.value("event_filter").clone();
    let limit = context.args.duration("timeout").unwrap_or(Duration::from_secs(600));
    let node = context.node()?;
    let mut failed = None;
    let event = node.machine.hardware()?.wait_event(limit, &mut |event| match context
        .ask(json!({"ask": "function", "function": filter, "args": [event]}))
    {
        Ok(answer) => answer == json!(true),
        Err(failure) => {
            failed = Some(failure);
            true
        }
    });
    match failed {
        Some(failure) => Err(failure),
        None => Ok(event?),
    }
}

fn qmp_command(context: &mut Context<'_>) -> Outcome<Value> {
    let command = context.args.text("command").to_string();
    let arguments = context.args.value("args").clone();
    Ok(context.node()?.machine.hardware()?.qmp(&command, arguments)?)
}

/// Machines whose configuration forwards no ports have no address on that network yet.
const GIVE_ADDRESS: &str = "ip -4 -o addr show dev eth0 | grep -q inet \
    || { ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0; }";

fn forward_port(context: &mut Context<'_>) -> Outcome<Value> {
    let (host, guest) = (context.args.number("host_port"), context.args.number("guest_port"));
    let node = context.node()?;
    if node.machine.backend() == Backend::Container {
        let port = |number: i64| {
            u16::try_from(number)
                .map_err(|_| Failure::arguments(format!("forward_port(): {number} is no port")))
        };
        let port = ForwardPort::tcp(port(host)?, port(guest)?);
        return forward::open(node, &port).map(|()| Value::Null).map_err(Failure::machine);
    }
    let hardware = node.machine.hardware()?;
    if context.exec(GIVE_ADDRESS, None)?.status != 0 {
        return Err(Failure::machine(format!("{}: eth0 gets no address", context.name())));
    }
    let said = hardware.monitor(&format!("hostfwd_add user0 tcp::{host}-:{guest}"))?;
    match said.trim() {
        "" => Ok(Value::Null),
        refused => Err(Failure::machine(format!("{}: {refused}", context.name()))),
    }
}

/// QEMU, or a container's process 1, which is waited for.
fn process_id(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    if node.machine.backend() == Backend::Container {
        node.connect()?;
        return Ok(json!(node.machine.first_process()));
    }
    Ok(json!(context.node()?.machine.hardware()?.process()))
}
