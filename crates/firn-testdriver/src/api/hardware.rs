//! QEMU's monitor and what goes through it.

use super::{Context, Method};
use crate::failure::Outcome;
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
fn wait_for_monitor_prompt(_: &mut Context<'_>) -> Outcome<Value> {
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

fn forward_port(context: &mut Context<'_>) -> Outcome<Value> {
    let (host, guest) = (context.args.number("host_port"), context.args.number("guest_port"));
    let command = format!("hostfwd_add user0 tcp::{host}-:{guest}");
    context.node()?.machine.hardware()?.monitor(&command)?;
    Ok(Value::Null)
}

fn process_id(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(context.node()?.machine.hardware()?.process()))
}
