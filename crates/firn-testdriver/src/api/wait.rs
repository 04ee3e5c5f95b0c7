//! Waiting for files, ports and sockets.

use super::{Context, Method, lossy};
use crate::failure::{Failure, Outcome};
use firn_machine::agent::message::Probe;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long the agent waits between two checks: of polling conditions, and whether the script still waits.
const SLICE: Duration = Duration::from_secs(1);
/// How long a machine may take to say what there is instead of what was waited for.
const QUESTION_LIMIT: Duration = Duration::from_secs(30);

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "wait_for_file",
        signature: "filename: str, timeout: duration? = 900",
        run: wait_for_file,
    },
    Method {
        name: "wait_for_open_port",
        signature: "port: port, addr: str = \"localhost\", timeout: duration? = 900",
        run: wait_for_open_port,
    },
    Method {
        name: "wait_for_closed_port",
        signature: "port: port, addr: str = \"localhost\", timeout: duration? = 900",
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
        context.retry(limit, |context, last| {
            let output = context.exec(&format!("test -e {name}"), None)?;
            match output.status {
                0 => Ok(Some(Value::Null)),
                _ if last => Err(no_file(context, &name, limit)?),
                _ => Ok(None),
            }
        })
    })
}

/// What there is instead: the nearest folder that exists, and what is in it.
fn no_file(context: &mut Context<'_>, name: &str, limit: Duration) -> Outcome<Failure> {
    let look = format!(
        "at=$(dirname -- {name} 2>/dev/null); until test -d \"$at\"; do at=$(dirname -- \"$at\"); done; \
         echo \"in $at there are: $(ls -A \"$at\" | head -n 20 | tr '\\n' ' ')\""
    );
    let output = context.exec(&look, Some(QUESTION_LIMIT))?;
    let there = lossy(&output.output);
    Ok(Failure::assertion(format!(
        "{}: no file '{name}' after {} seconds\n{}",
        context.name(),
        limit.as_secs_f64(),
        there.trim_end()
    )))
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
    context.args.port("port")
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
                let mut text = format!(
                    "{}: {}: {state} after {} seconds",
                    context.name(),
                    describe(&probe),
                    limit.as_secs_f64()
                );
                if holds && matches!(probe, Probe::Tcp { .. }) {
                    text += &format!("\n{}", listeners(context)?);
                }
                return Err(Failure::assertion(text));
            }
        }
    })
}

/// The TCP ports that somebody listens on (proc(5), `/proc/net/tcp`: state 0A), in words.
fn listeners(context: &mut Context<'_>) -> Outcome<String> {
    let output = context.exec("cat /proc/net/tcp /proc/net/tcp6 || true", Some(QUESTION_LIMIT))?;
    let ports: BTreeSet<u16> = lossy(&output.output).lines().filter_map(listening_port).collect();
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    Ok(match ports.is_empty() {
        true => "nobody listens on any TCP port of this machine".into(),
        false => format!("TCP ports of this machine that are listened on: {}", ports.join(", ")),
    })
}

fn listening_port(line: &str) -> Option<u16> {
    let mut words = line.split_whitespace().skip(1);
    let (local, _, state) = (words.next()?, words.next()?, words.next()?);
    let port = local.rsplit_once(':')?.1;
    (state == "0A").then(|| u16::from_str_radix(port, 16).ok())?
}

fn describe(probe: &Probe) -> String {
    match probe {
        Probe::Tcp { host, port } => format!("TCP port {port} on {host}"),
        Probe::Unix { path, .. } => format!("unix socket {path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_that_are_listened_on() {
        let line =
            "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0";
        assert_eq!(listening_port(line), Some(8080));
        assert_eq!(listening_port(&line.replace(" 0A ", " 01 ")), None);
        assert_eq!(listening_port("  sl  local_address rem_address   st tx_queue"), None);
    }
}
