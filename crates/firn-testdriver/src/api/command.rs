//! Running commands.

use super::{Context, Method, lossy};
use crate::failure::{Failure, Outcome};
use firn_machine::agent::ExecOutput;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) const METHODS: &[Method] = &[
    Method {
        name: "execute",
        signature: "command: str, check_return: bool = True, check_output: bool = True, timeout: duration? = 900",
        run: execute,
    },
    Method {
        name: "succeed",
        signature: "*commands: str, timeout: duration? = None",
        run: succeed,
    },
    Method { name: "fail", signature: "*commands: str, timeout: duration? = None", run: fail },
    Method {
        name: "wait_until_succeeds",
        signature: "command: str, timeout: duration? = 900",
        run: wait_until_succeeds,
    },
    Method {
        name: "wait_until_fails",
        signature: "command: str, timeout: duration? = 900",
        run: wait_until_fails,
    },
    Method {
        name: "sleep",
        signature: "secs: duration? = None, duration: duration? = None",
        run: sleep,
    },
];

/// Status and standard output; a status other than 0 is no error. Without `check_return` the status is −1,
/// without `check_output` the command is only started.
fn execute(context: &mut Context<'_>) -> Outcome<Value> {
    let command = context.args.text("command").to_string();
    if !context.args.flag("check_output") {
        let detached = format!("( {command}\n) >/dev/null 2>&1 </dev/null &");
        // The machine may go away because of the command: that is what this form is for.
        let _ = context.exec(&detached, Some(Duration::from_secs(10)));
        return Ok(json!([-2, ""]));
    }
    let output = context.exec(&command, context.args.duration("timeout"))?;
    let status = if context.args.flag("check_return") { output.status } else { -1 };
    Ok(json!([status, lossy(&output.output)]))
}

fn succeed(context: &mut Context<'_>) -> Outcome<Value> {
    expect(context, "must succeed", |output| output.status == 0 && output.error.is_none())
}

fn fail(context: &mut Context<'_>) -> Outcome<Value> {
    expect(context, "must fail", |output| output.status != 0)
}

/// Runs every command and gives all output; the first surprise is an assertion that shows its output.
fn expect(context: &mut Context<'_>, wish: &str, fits: fn(&ExecOutput) -> bool) -> Outcome<Value> {
    let commands: Vec<String> =
        context.args.texts("commands").into_iter().map(String::from).collect();
    let limit = context.args.duration("timeout");
    let mut all = String::new();
    for command in commands {
        let output = context.step(&format!("{wish}: {command}"), |context| {
            let output = context.exec(&command, limit)?;
            if fits(&output) {
                Ok(output)
            } else {
                Err(surprise(context.name(), &command, &output))
            }
        })?;
        all.push_str(&lossy(&output.output));
    }
    Ok(json!(all))
}

fn surprise(node: &str, command: &str, output: &ExecOutput) -> Failure {
    let text = lossy(&output.output);
    let ending = match (&output.error, output.timed_out, output.status) {
        (_, true, _) => "timed out (exit code 124)".to_string(),
        (Some(error), ..) => format!("did not end: {error}"),
        (_, _, 0) => "unexpectedly succeeded".to_string(),
        (_, _, status) => format!("failed (exit code {status})"),
    };
    let mut told = format!("{node}: command `{command}` {ending}");
    if !output.errors.is_empty() {
        told += &format!("\nstandard error:\n{}", output.errors.join("\n"));
    }
    told += &match text.trim_end() {
        "" if output.errors.is_empty() => "\nit wrote nothing".to_string(),
        "" => String::new(),
        text => format!("\noutput:\n{text}"),
    };
    Failure::assertion(told)
}

fn wait_until_succeeds(context: &mut Context<'_>) -> Outcome<Value> {
    wait_until(context, "waiting for success", |output| output.status == 0)
}

fn wait_until_fails(context: &mut Context<'_>) -> Outcome<Value> {
    wait_until(context, "waiting for failure", |output| output.status != 0)
}

fn wait_until(
    context: &mut Context<'_>,
    wish: &str,
    fits: fn(&ExecOutput) -> bool,
) -> Outcome<Value> {
    let command = context.args.text("command").to_string();
    let limit = context.timeout();
    context.step(&format!("{wish}: {command}"), |context| {
        context.retry(limit, |context, last| {
            let output = context.exec(&command, Some(limit))?;
            if fits(&output) {
                return Ok(Some(json!(lossy(&output.output))));
            }
            if last {
                let mut failure = surprise(context.name(), &command, &output);
                let seconds = limit.as_secs_f64();
                failure.message = format!(
                    "action timed out after {seconds} seconds; last try:\n{}",
                    failure.message
                );
                return Err(failure);
            }
            Ok(None)
        })
    })
}

/// Sleeps in the machine's time.
fn sleep(context: &mut Context<'_>) -> Outcome<Value> {
    let (seconds, span) = (context.args.duration("secs"), context.args.duration("duration"));
    let span = match (seconds, span) {
        (Some(span), None) | (None, Some(span)) => span,
        _ => return Err(Failure::arguments("sleep() takes either 'secs' or 'duration'")),
    };
    context.exec(&format!("sleep {}", span.as_secs_f64()), None)?;
    Ok(Value::Null)
}
