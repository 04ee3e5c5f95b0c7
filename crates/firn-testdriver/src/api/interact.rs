//! A person at the terminal: shells and consoles of machines.

use super::{Context, Method};
use crate::address::Address;
use crate::failure::{Failure, Outcome};
use crate::terminal::Terminal;
use firn_machine::agent::frame::Kind;
use serde_json::Value;
use std::io::{Read, Write};

/// What ends work at a console: control-d, as the shell ends by it.
const END: u8 = 4;
/// What pulls the plug from there: control-c.
const KILL: u8 = 3;

pub(super) const METHODS: &[Method] = &[
    Method { name: "shell_interact", signature: "address: str? = None", run: shell_interact },
    Method { name: "console_interact", signature: "", run: console_interact },
];

fn terminal(context: &Context<'_>, call: &str) -> Outcome<Terminal> {
    Terminal::open().map_err(|error| {
        let name = context.name();
        Failure::machine(format!(
            "{name}: {call}() needs a terminal ({error}); `firn test shell` gives the script one"
        ))
    })
}

/// Joins the terminal to a shell of root's; it ends with the shell.
fn shell_interact(context: &mut Context<'_>) -> Outcome<Value> {
    if let Some(address) = context.args.maybe_text("address").map(str::to_string) {
        return shell_at(context, &address);
    }
    let terminal = terminal(context, "shell_interact")?;
    let node = context.node()?;
    node.connect()?;
    context.log("root's shell; it ends by `exit`");
    let (columns, rows) = terminal.size();
    let stream = node.machine.agent().shell(columns, rows)?;
    let input = stream.input();
    let pump = terminal.raw()?.pump(move |bytes| input.input(bytes).is_ok());
    let result = pump.during(|| {
        stream.run(|frame| match frame.kind {
            Kind::Out => {
                let mut out = std::io::stdout().lock();
                out.write_all(&frame.payload).and_then(|()| out.flush())
            }
            _ => Ok(()),
        })
    })?;
    result.map(|_| Value::Null).map_err(Failure::from)
}

/// Joins whoever comes to, or waits at, an address to a shell of root's; it ends with the shell or with them.
fn shell_at(context: &mut Context<'_>, address: &str) -> Outcome<Value> {
    let address = Address::parse(address).map_err(Failure::arguments)?;
    let node = context.node()?;
    node.connect()?;
    context.log(&format!("root's shell is at {address}; it ends by `exit`"));
    let (mut reader, mut writer) = address.open()?;
    let stream = node.machine.agent().shell(80, 24)?;
    let input = stream.input();
    let closing = writer.try_clone()?;
    let result = std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                // Who hangs up means the shell to end, as control-d does.
                let bytes = if count == 0 { &[END][..] } else { &buffer[..count] };
                if input.input(bytes).is_err() || count == 0 {
                    return;
                }
            }
        });
        let result = stream.run(|frame| match frame.kind {
            Kind::Out => writer.write_all(&frame.payload),
            _ => Ok(()),
        });
        closing.close();
        result
    });
    result.map(|_| Value::Null).map_err(Failure::from)
}

/// Joins the terminal to the console: control-d comes back, control-c pulls the machine's plug.
fn console_interact(context: &mut Context<'_>) -> Outcome<Value> {
    let terminal = terminal(context, "console_interact")?;
    let node = context.node()?;
    node.start(Default::default())?;
    // Said once keys arrive as they are: before, the terminal would swallow what is typed in answer.
    let terminal = terminal.raw_keys()?;
    context.log("the machine's console; control-d leaves it, control-c ends the machine");
    let (sender, ended) = std::sync::mpsc::channel();
    let machine = &node.machine;
    let pump = terminal.pump(move |bytes| {
        let stop = bytes.iter().position(|byte| [END, KILL].contains(byte));
        let typed = &bytes[..stop.unwrap_or(bytes.len())];
        let sent = machine.console().send(typed).is_ok();
        match stop {
            None if sent => true,
            stop => {
                let _ = sender.send(stop.is_some_and(|at| bytes[at] == KILL));
                false
            }
        }
    });
    let kill = pump.during(|| ended.recv().unwrap_or(false))?;
    if kill {
        machine.kill()?;
        node.ended();
    }
    Ok(Value::Null)
}
