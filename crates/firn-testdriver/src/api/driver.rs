//! Functions of the driver itself.

use super::{Context, Method};
use crate::failure::Outcome;
use serde_json::Value;

pub(super) const METHODS: &[Method] = &[
    Method { name: "start_all", signature: "", run: start_all },
    Method { name: "join_all", signature: "", run: join_all },
    Method { name: "serial_stdout_on", signature: "", run: serial_stdout_on },
    Method { name: "serial_stdout_off", signature: "", run: serial_stdout_off },
    Method { name: "log", signature: "msg: str, node: str? = None", run: log },
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
    context.driver.log.line(context.args.maybe_text("node"), context.args.text("msg"));
    Ok(Value::Null)
}
