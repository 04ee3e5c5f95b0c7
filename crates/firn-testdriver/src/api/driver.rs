//! Functions of the driver itself.

use super::{Context, Method};
use crate::failure::{Failure, Outcome};
use crate::log::Level;
use crate::rpc::describe_node;
use serde_json::Value;

pub(super) const METHODS: &[Method] = &[
    Method { name: "start_all", signature: "", run: start_all },
    Method { name: "join_all", signature: "", run: join_all },
    Method { name: "serial_stdout_on", signature: "", run: serial_stdout_on },
    Method { name: "serial_stdout_off", signature: "", run: serial_stdout_off },
    Method {
        name: "log",
        signature: "msg: str, level: str = \"info\", node: str? = None",
        run: log,
    },
    Method { name: "notice", signature: "msg: str", run: notice },
    Method { name: "set_log_level", signature: "level: str", run: set_log_level },
    Method {
        name: "create_machine",
        signature: "start_command: str, name: str, keep_machine_state: bool = False",
        run: create_machine,
    },
];

fn start_all(context: &mut Context<'_>) -> Outcome<Value> {
    context.step("start all VMs", |context| context.driver.start_all())?;
    Ok(Value::Null)
}

fn join_all(context: &mut Context<'_>) -> Outcome<Value> {
    context.step("wait for all VMs to finish", |context| context.driver.join_all())?;
    Ok(Value::Null)
}

fn serial_stdout_on(context: &mut Context<'_>) -> Outcome<Value> {
    context.driver.log.show_console(true);
    Ok(Value::Null)
}

fn serial_stdout_off(context: &mut Context<'_>) -> Outcome<Value> {
    context.driver.log.show_console(false);
    Ok(Value::Null)
}

fn log(context: &mut Context<'_>) -> Outcome<Value> {
    let (level, node) = (level(context)?, context.args.maybe_text("node"));
    context.driver.log.say(level, node, context.args.text("msg"));
    Ok(Value::Null)
}

fn notice(context: &mut Context<'_>) -> Outcome<Value> {
    context.driver.log.notice(context.args.text("msg"));
    Ok(Value::Null)
}

fn set_log_level(context: &mut Context<'_>) -> Outcome<Value> {
    context.driver.log.set_level(level(context)?);
    Ok(Value::Null)
}

fn level(context: &Context<'_>) -> Outcome<Level> {
    context.args.text("level").parse().map_err(Failure::arguments)
}

/// A machine by a command of the script's; it answers as nodes do.
fn create_machine(context: &mut Context<'_>) -> Outcome<Value> {
    let (name, command) = (context.args.text("name"), context.args.text("start_command"));
    let node = context.driver.create(name, command)?;
    Ok(describe_node(node))
}
