//! Starting and ending machines.

use super::{Context, Method};
use crate::failure::{Failure, Outcome};
use firn_machine::{Backend, StartOptions, State};
use serde_json::{Value, json};
use std::time::Duration;

/// How long `systemctl` may take to hand over what it is asked for; minutes on an emulated machine of a busy host.
const SHUTDOWN_COMMAND_LIMIT: Duration = Duration::from_secs(300);

pub(super) const METHODS: &[Method] = &[
    Method { name: "start", signature: "allow_reboot: bool = False", run: start },
    Method { name: "connect", signature: "", run: connect },
    Method { name: "is_up", signature: "", run: is_up },
    Method { name: "is_running", signature: "", run: is_running },
    Method { name: "shutdown", signature: "", run: shutdown },
    Method {
        name: "wait_for_shutdown",
        signature: "timeout: duration? = None",
        run: wait_for_shutdown,
    },
    Method { name: "crash", signature: "", run: crash },
    Method { name: "reboot", signature: "", run: reboot },
    Method { name: "release", signature: "", run: crash },
    Method { name: "switch_root", signature: "", run: switch_root },
    Method { name: "block", signature: "", run: block },
    Method { name: "unblock", signature: "", run: unblock },
    Method { name: "cleanup_statedir", signature: "", run: nothing },
    Method { name: "log", signature: "msg: str", run: log },
    Method { name: "log_serial", signature: "msg: str", run: log_serial },
    Method { name: "ssh_backdoor_command", signature: "", run: ssh_backdoor_command },
];

fn start(context: &mut Context<'_>) -> Outcome<Value> {
    let allow_reboot = context.args.flag("allow_reboot");
    context.node()?.start(StartOptions { allow_reboot })?;
    Ok(Value::Null)
}

fn connect(context: &mut Context<'_>) -> Outcome<Value> {
    context.node()?.connect()?;
    Ok(Value::Null)
}

fn is_up(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(context.node()?.machine.state() == State::Up))
}

/// True from its start to its end, also while it boots.
fn is_running(context: &mut Context<'_>) -> Outcome<Value> {
    Ok(json!(context.node()?.machine.state() != State::Off))
}

/// Powers off in order and waits for the end.
fn shutdown(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    if node.machine.state() == State::Off {
        return Ok(Value::Null);
    }
    context.step("waiting for the VM to power off", |context| {
        let machine = &node.machine;
        if machine.agent().is_connected() {
            // The agent may be stopped before it can answer.
            let command = "systemctl --no-block poweroff || poweroff";
            let asked = machine.agent().exec(command, Some(SHUTDOWN_COMMAND_LIMIT));
            if asked.is_ok_and(|output| output.status != 0) {
                context.log("it did not take the command to power off; pressing its button");
                machine.power_down()?;
            }
        } else {
            machine.power_down()?;
        }
        machine.wait_ended(None)?;
        node.ended();
        Ok(Value::Null)
    })
}

fn wait_for_shutdown(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    let limit = context.args.duration("timeout");
    context.step("waiting for the VM to power off", |_| {
        node.machine.wait_ended(limit)?;
        node.ended();
        Ok(Value::Null)
    })
}

/// Ends the machine as a power cut does.
fn crash(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    if node.machine.state() != State::Off {
        context.log("forced crash");
        node.machine.kill()?;
    }
    node.ended();
    Ok(Value::Null)
}

/// Asks the machine to start anew, as ctrl-alt-delete does; the next command waits for the new boot. A
/// container ends and is started again.
fn reboot(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    if node.machine.state() == State::Off {
        return Ok(Value::Null);
    }
    if node.machine.backend() == Backend::Vm {
        node.machine.hardware()?.reset()?;
        return Ok(Value::Null);
    }
    context.step("waiting for the container to reboot", |context| {
        // The agent may be stopped before it can answer.
        let asked = context.exec("systemctl --no-block reboot", Some(SHUTDOWN_COMMAND_LIMIT));
        if let Ok(output) = asked
            && output.status != 0
        {
            return Err(Failure::machine(format!("{}: it refuses to reboot", node.name)));
        }
        node.machine.wait_ended(None)?;
        node.ended();
        node.start(StartOptions::default())?;
        Ok(Value::Null)
    })
}

/// From the initrd, which `testing.initrdBackdoor` holds at `initrd.target`, to the system.
fn switch_root(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    node.machine.hardware()?;
    context.step("switching root", |context| {
        node.connect()?;
        let greetings = node.machine.agent().greetings();
        let command = "systemctl isolate --no-block initrd-switch-root.target";
        // The agent may be stopped before it can answer.
        if let Ok(output) = context.exec(command, Some(SHUTDOWN_COMMAND_LIMIT))
            && output.status != 0
        {
            return Err(Failure::assertion(format!("{command} failed: status {}", output.status)));
        }
        node.machine.agent().expect_restart_since(greetings);
        node.connect()?;
        Ok(Value::Null)
    })
}

fn block(context: &mut Context<'_>) -> Outcome<Value> {
    context.node()?.machine.set_link(false);
    Ok(Value::Null)
}

fn unblock(context: &mut Context<'_>) -> Outcome<Value> {
    context.node()?.machine.set_link(true);
    Ok(Value::Null)
}

fn nothing(_: &mut Context<'_>) -> Outcome<Value> {
    Ok(Value::Null)
}

fn log(context: &mut Context<'_>) -> Outcome<Value> {
    context.log(context.args.text("msg"));
    Ok(Value::Null)
}

fn log_serial(context: &mut Context<'_>) -> Outcome<Value> {
    let node = context.node()?;
    node.machine.console().add_line(context.args.text("msg"));
    Ok(Value::Null)
}

fn ssh_backdoor_command(context: &mut Context<'_>) -> Outcome<Value> {
    Err(Failure::machine(format!(
        "{}: there is no ssh backdoor; use `firn test shell`, or `shell_interact()` in a script",
        context.name()
    )))
}
