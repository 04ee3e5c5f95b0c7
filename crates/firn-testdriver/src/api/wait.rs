//! Waiting for files, ports and sockets.

use super::{Context, Method};
use crate::failure::{Failure, Outcome};
use firn_machine::agent::message::Probe;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long the agent waits between two checks: of polling conditions, and whether the script still waits.
const SLICE: Duration = Duration::from_secs(1);

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "wait_for_file",
        signature: "filename: str, timeout: duration? = 900",
        run: wait_for_file,
    },
    Method {
        name: "wait_for_open_port",
        signature: "port: int, addr: str = \"localhost\", timeout: duration? = 900",
        run: wait_for_open_port,
    },
    Method {
        name: "wait_for_closed_port",
        signature: "port: int, addr: str = \"localhost\", timeout: duration? = 900",
        run: wait_for_closed_port,
    },
    Method {
        name: "wait_for_open_unix_socket",
        signature: "addr: str, is_datagram: bool = False, timeout: duration? = 900",
        run: wait_for_open_unix_socket,
    },
];

/// The name is not quoted, so that patterns work, as they always have.
fn wait_for_file(context: &mut Context<'_>) -> Outcome<Value> {
    let name = context.args.text("filename").to_string();
    let limit = context.timeout();
    context.step(&format!("waiting for file '{name}'"), |context| {
        context.retry(limit, |context, _| {
            let output = context.exec(&format!("test -e {name}"), None)?;
            Ok((output.status == 0).then_some(Value::Null))
        })
    })
}

fn wait_for_open_port(context: &mut Context<'_>) -> Outcome<Value> {
    let probe = tcp(context)?;
    let text = format!("waiting for TCP port {} on {}", port(context), context.args.text("addr"));
    wait(context, &text, probe, true)
}

fn wait_for_closed_port(context: &mut Context<'_>) -> Outcome<Value> {
    let probe = tcp(context)?;
    let text = format!(
        "waiting for TCP port {} on {} to be closed",
        port(context),
        context.args.text("addr")
    );
    wait(context, &text, probe, false)
}

fn wait_for_open_unix_socket(context: &mut Context<'_>) -> Outcome<Value> {
    let path = context.args.text("addr").to_string();
    let datagram = context.args.flag("is_datagram");
    let kind = if datagram { "datagram" } else { "stream" };
    let text = format!("waiting for unix {kind} socket at '{path}'");
    wait(context, &text, Probe::Unix { path, datagram }, true)
}

fn port(context: &Context<'_>) -> i64 {
    context.args.number("port")
}

fn tcp(context: &Context<'_>) -> Outcome<Probe> {
    let number = port(context);
    let port = u16::try_from(number)
        .map_err(|_| Failure::arguments(format!("{number} is no port number")))?;
    Ok(Probe::Tcp { host: context.args.text("addr").to_string(), port })
}

fn wait(context: &mut Context<'_>, text: &str, probe: Probe, holds: bool) -> Outcome<Value> {
    let limit = context.timeout();
    let until = Instant::now().checked_add(limit);
    context.step(text, |context| {
        context.node()?.connect()?;
        loop {
            context.check_conditions()?;
            context.check_wanted()?;
            let left = until.map_or(limit, |until| until.saturating_duration_since(Instant::now()));
            let slice = left.min(SLICE);
            if context.node()?.machine.agent().wait_probe(probe.clone(), holds, slice)? {
                return Ok(Value::Null);
            }
            if left <= slice {
                let state = if holds { "not open" } else { "still open" };
                return Err(Failure::assertion(format!(
                    "{}: {}: {state} after {} seconds",
                    context.name(),
                    describe(&probe),
                    limit.as_secs_f64()
                )));
            }
        }
    })
}

fn describe(probe: &Probe) -> String {
    match probe {
        Probe::Tcp { host, port } => format!("TCP port {port} on {host}"),
        Probe::Unix { path, .. } => format!("unix socket {path}"),
    }
}
