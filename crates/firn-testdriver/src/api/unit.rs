//! systemd units.

use super::{Context, Method, lossy, quote};
use crate::failure::{Failure, Outcome};
use firn_machine::agent::ExecOutput;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) const METHODS: &[Method] = &[
    Method { name: "systemctl", signature: "q: str, user: str? = None", run: systemctl },
    Method {
        name: "wait_for_unit",
        signature: "unit: str, user: str? = None, timeout: duration? = 900",
        run: wait_for_unit,
    },
    Method { name: "get_unit_info", signature: "unit: str, user: str? = None", run: get_unit_info },
    Method {
        name: "get_unit_property",
        signature: "unit: str, property: str, user: str? = None",
        run: get_unit_property,
    },
    Method {
        name: "require_unit_state",
        signature: "unit: str, require_state: str = \"active\"",
        run: require_unit_state,
    },
    Method { name: "start_job", signature: "jobname: str, user: str? = None", run: start_job },
    Method { name: "stop_job", signature: "jobname: str, user: str? = None", run: stop_job },
];

/// What NixOS' boot reaches and base's does not, unless something wants it: whoever waits for these gets them.
/// Boots that need no network would wait for it otherwise, and look-ups of names need no service here.
const ON_DEMAND: &[&str] = &[
    "network-online.target",
    "systemd-networkd-wait-online",
    "systemd-networkd-wait-online.service",
    "nscd",
    "nscd.service",
];

/// How long the journal may take.
const JOURNAL_LIMIT: Duration = Duration::from_secs(30);

/// Runs `systemctl` for the system or for a user's own manager.
fn call(context: &mut Context<'_>, query: &str) -> Outcome<ExecOutput> {
    let command = match context.args.maybe_text("user") {
        None => format!("systemctl --no-pager {query}"),
        Some(user) => {
            let inner = format!(
                "export XDG_RUNTIME_DIR=/run/user/$(id -u); \
                 export DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus; \
                 systemctl --no-pager --user {query}"
            );
            format!("su -l {} --shell /bin/sh -c {}", quote(user), quote(&inner))
        }
    };
    context.exec(&command, None)
}

fn systemctl(context: &mut Context<'_>) -> Outcome<Value> {
    let query = context.args.text("q").to_string();
    answer(call(context, &query)?)
}

fn answer(output: ExecOutput) -> Outcome<Value> {
    Ok(json!([output.status, lossy(&output.output)]))
}

fn start_job(context: &mut Context<'_>) -> Outcome<Value> {
    let query = format!("start {}", quote(context.args.text("jobname")));
    answer(call(context, &query)?)
}

fn stop_job(context: &mut Context<'_>) -> Outcome<Value> {
    let query = format!("stop {}", quote(context.args.text("jobname")));
    answer(call(context, &query)?)
}

fn get_unit_info(context: &mut Context<'_>) -> Outcome<Value> {
    let unit = context.args.text("unit").to_string();
    let output = call(context, &format!("show {}", quote(&unit)))?;
    if output.status != 0 {
        return Err(Failure::assertion(format!(
            "retrieving systemctl info for unit \"{unit}\" failed with exit code {}",
            output.status
        )));
    }
    let text = lossy(&output.output);
    let info: Map<String, Value> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.to_string(), json!(value)))
        .collect();
    Ok(Value::Object(info))
}

fn property(context: &mut Context<'_>, unit: &str, property: &str) -> Outcome<String> {
    let output = call(context, &format!("show {} --property={}", quote(unit), quote(property)))?;
    let failed = |why: &str| {
        Failure::assertion(format!("cannot read property {property} of unit \"{unit}\": {why}"))
    };
    if output.status != 0 {
        return Err(failed(&format!("systemctl ended with status {}", output.status)));
    }
    let text = lossy(&output.output);
    let value = text.lines().find_map(|line| line.strip_prefix(property)?.strip_prefix('='));
    value.map(String::from).ok_or_else(|| failed("systemctl does not know it"))
}

fn get_unit_property(context: &mut Context<'_>) -> Outcome<Value> {
    let (unit, name) = (context.args.text("unit"), context.args.text("property"));
    let (unit, name) = (unit.to_string(), name.to_string());
    Ok(json!(property(context, &unit, &name)?))
}

fn require_unit_state(context: &mut Context<'_>) -> Outcome<Value> {
    let unit = context.args.text("unit").to_string();
    let wanted = context.args.text("require_state").to_string();
    context.step(&format!("checking if unit '{unit}' has reached state '{wanted}'"), |context| {
        let state = property(context, &unit, "ActiveState")?;
        if state == wanted {
            return Ok(Value::Null);
        }
        Err(Failure::assertion(format!(
            "expected unit \"{unit}\" to be in state \"{wanted}\" but it is in state \"{state}\""
        )))
    })
}

/// Waits for `active`. A unit that has failed, or that is inactive and nothing is about to start it, will
/// not become so.
fn wait_for_unit(context: &mut Context<'_>) -> Outcome<Value> {
    let unit = context.args.text("unit").to_string();
    let text = match context.args.maybe_text("user") {
        Some(user) => format!("waiting for unit {unit} with user {user}"),
        None => format!("waiting for unit {unit}"),
    };
    let user = context.args.maybe_text("user").is_some();
    let limit = context.timeout();
    let mut on_demand = !user && ON_DEMAND.contains(&unit.as_str());
    context.step(&text, |context| {
        know_user(context)?;
        context.retry(limit, |context, last| {
            let state = match property(context, &unit, "ActiveState") {
                // A user's manager may not listen yet.
                Err(_) if user && !last => return Ok(None),
                state => state?,
            };
            match state.as_str() {
                "active" => Ok(Some(Value::Null)),
                "failed" => {
                    Err(Failure::assertion(told(context, &unit, "reached state \"failed\"")?))
                }
                "inactive" if std::mem::take(&mut on_demand) => {
                    call(context, &format!("start --no-block {}", quote(&unit)))?;
                    Ok(None)
                }
                "inactive" if is_idle(context, &unit)? => Err(Failure::assertion(told(
                    context,
                    &unit,
                    "is inactive and there are no pending jobs",
                )?)),
                state if last => {
                    let state =
                        format!("is still in state \"{state}\" after {} s", limit.as_secs_f64());
                    Err(Failure::assertion(told(context, &unit, &state)?))
                }
                _ => Ok(None),
            }
        })
    })
}

/// Nobody's manager will ever start.
fn know_user(context: &mut Context<'_>) -> Outcome<()> {
    let Some(user) = context.args.maybe_text("user").map(String::from) else { return Ok(()) };
    if context.exec(&format!("id -u -- {} 2>&1", quote(&user)), None)?.status == 0 {
        return Ok(());
    }
    let name = context.name();
    Err(Failure::assertion(format!("{name}: there is no user '{user}' (users.users.{user})")))
}

/// True when no job is queued and the unit is still inactive afterwards.
fn is_idle(context: &mut Context<'_>, unit: &str) -> Outcome<bool> {
    let jobs = call(context, "list-jobs --full 2>&1")?;
    if !lossy(&jobs.output).contains("No jobs") {
        return Ok(false);
    }
    Ok(property(context, unit, "ActiveState")? == "inactive")
}

/// The sentence about a unit, with what systemd says about it.
fn told(context: &mut Context<'_>, unit: &str, state: &str) -> Outcome<String> {
    let status = call(context, &format!("status --lines=0 --full {} 2>&1 || true", quote(unit)))?;
    // Not by `status`: it leaves out what a quick process wrote before systemd took note of its start. What the
    // unit wrote may still be on its way.
    let kind = if context.args.maybe_text("user").is_some() { "--user-unit" } else { "--unit" };
    let query = format!(
        "journalctl --sync 2>/dev/null; journalctl --no-pager --lines=15 {kind}={} 2>/dev/null || true",
        quote(unit)
    );
    let journal = context.exec(&query, Some(JOURNAL_LIMIT))?;
    let [status, journal] = [&status, &journal].map(|said| lossy(&said.output));
    if status.contains("could not be found") {
        return Ok(format!(
            "unit \"{unit}\" {state}: there is no such unit{}",
            like(context, unit)?
        ));
    }
    Ok(format!("unit \"{unit}\" {state}\n{}\n\n{}", status.trim_end(), journal.trim_end()))
}

/// Units with a name like this one, in words.
fn like(context: &mut Context<'_>, unit: &str) -> Outcome<String> {
    let files = call(context, "list-unit-files --no-legend --plain 2>/dev/null || true")?;
    let loaded = call(context, "list-units --all --no-legend --plain 2>/dev/null || true")?;
    let text = lossy(&files.output) + &lossy(&loaded.output);
    let names: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let whole = if unit.contains('.') { unit.to_string() } else { format!("{unit}.service") };
    let near = firn_diag::similar(&whole, names);
    Ok(match near.is_empty() {
        true => String::new(),
        false => format!("\nhelp: there is {}", near.join(", ")),
    })
}
