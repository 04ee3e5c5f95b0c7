//! What a script can call: tables of methods with their signatures, and what all methods share.
//!
//! Behaviour follows the NixOS manual, chapter "Writing Tests", and the driver's own documentation.

mod command;
mod console;
mod driver;
pub mod efi;
mod files;
mod hardware;
mod interact;
mod lifecycle;
mod screen;
mod unit;
mod wait;

use crate::driver::Driver;
use crate::failure::{Failure, Outcome};
use crate::node::Node;
use crate::signature::{Arguments, Signature};
use firn_machine::agent::ExecOutput;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// The limit of most waits when the script gives none.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(900);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A method of machines or of the driver.
pub struct Method {
    /// Its name in Python.
    pub name: &'static str,
    /// Its parameters as Python writes them.
    pub signature: &'static str,
    /// What it does.
    run: fn(&mut Context<'_>) -> Outcome<Value>,
}

/// Methods of machines.
pub fn machine_methods() -> impl Iterator<Item = &'static Method> {
    [
        command::METHODS,
        console::METHODS,
        efi::METHODS,
        files::METHODS,
        hardware::METHODS,
        interact::METHODS,
        lifecycle::METHODS,
        screen::METHODS,
        unit::METHODS,
        wait::METHODS,
    ]
    .into_iter()
    .flatten()
}

/// Functions of the driver itself.
pub fn driver_methods() -> impl Iterator<Item = &'static Method> {
    driver::METHODS.iter()
}

/// The script's side of a call that is under way.
pub trait Script {
    /// Asks the script's process something and waits for the answer.
    fn ask(&mut self, question: Value) -> Outcome<Value>;

    /// Whether it still waits for the call.
    fn waits(&self) -> bool;
}

/// One call.
pub struct Context<'a> {
    /// The test.
    pub driver: &'a Driver,
    /// The machine it is about.
    node: Option<&'a Node>,
    /// Its arguments.
    pub args: Arguments,
    script: &'a mut dyn Script,
    conditions: bool,
}

/// A call as it arrives.
#[derive(Debug, Default, serde::Deserialize)]
pub struct Request {
    /// The machine, or none for the driver.
    #[serde(default)]
    pub node: Option<String>,
    /// Name of the method.
    pub call: String,
    /// Arguments in order.
    #[serde(default)]
    pub args: Vec<Value>,
    /// Arguments by name.
    #[serde(default)]
    pub kwargs: Map<String, Value>,
    /// The line of the script.
    #[serde(default)]
    pub line: Option<u32>,
    /// Whether polling conditions are active.
    #[serde(default)]
    pub conditions: bool,
}

/// Does what a request asks for.
pub fn perform(driver: &Driver, request: Request, script: &mut dyn Script) -> Outcome<Value> {
    let node = request.node.as_deref().map(|name| driver.node(name)).transpose()?;
    let found = match node {
        Some(_) => machine_methods().find(|method| method.name == request.call),
        None => driver_methods().find(|method| method.name == request.call),
    };
    let method = found.ok_or_else(|| Failure {
        class: "AttributeError",
        message: format!("machines have no method '{}'", request.call),
    })?;
    let signature = Signature::parse(method.signature);
    let args = signature.bind(method.name, request.args, request.kwargs)?;
    let conditions = request.conditions;
    (method.run)(&mut Context { driver, node, args, script, conditions })
}

/// The tables as data for the script's side.
pub fn describe() -> Value {
    let list = |methods: &mut dyn Iterator<Item = &'static Method>| -> Vec<Value> {
        methods.map(|m| json!({"name": m.name, "signature": m.signature})).collect()
    };
    json!({"machine": list(&mut machine_methods()), "driver": list(&mut driver_methods())})
}

impl<'a> Context<'a> {
    /// The machine; only methods of machines call this.
    fn node(&self) -> Outcome<&'a Node> {
        self.node.ok_or_else(|| Failure::machine("this call needs a machine"))
    }

    fn name(&self) -> &'a str {
        self.node.map_or("", |node| &node.name)
    }

    fn log(&self, text: &str) {
        self.driver.log.line(self.node.map(|node| node.name.as_str()), text);
    }

    /// Asks the script a question in the middle of a call.
    fn ask(&mut self, question: Value) -> Outcome<Value> {
        self.script.ask(question)
    }

    /// Lets the script check its polling conditions, if any are active.
    fn check_conditions(&mut self) -> Outcome<()> {
        if self.conditions && self.script.ask(json!({"ask": "conditions"}))? != json!(true) {
            return Err(Failure::pending());
        }
        Ok(())
    }

    /// Fails when the script has given up the call: somebody at the prompt pressed control-c.
    fn check_wanted(&self) -> Outcome<()> {
        match self.script.waits() {
            true => Ok(()),
            false => Err(Failure::machine("the script does not wait any more")),
        }
    }

    /// Runs a command on the machine, started and connected first.
    fn exec(&mut self, command: &str, limit: Option<Duration>) -> Outcome<ExecOutput> {
        self.check_conditions()?;
        let node = self.node()?;
        node.connect()?;
        let wanted = || self.script.waits();
        let output = node.machine.agent().exec_while(command, limit, &wanted)?;
        if let Some(error) = &output.error {
            self.log(&format!("warning: {error}"));
        }
        Ok(output)
    }

    /// Does `action` as a step of the log.
    fn step<T>(&mut self, text: &str, action: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let step = self.driver.log.step(self.node.map(|node| node.name.as_str()), text);
        let result = action(self);
        match &result {
            Ok(_) => step.end(),
            Err(failure) => step.fail(&failure.message),
        }
        result
    }

    /// Repeats `attempt` until it gives a value: pauses grow from 20 ms to a second, and after `limit` one
    /// last attempt is made, which is told so.
    fn retry<T>(
        &mut self,
        limit: Duration,
        mut attempt: impl FnMut(&mut Self, bool) -> Outcome<Option<T>>,
    ) -> Outcome<T> {
        let until = Instant::now().checked_add(limit);
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(value) = attempt(self, false)? {
                return Ok(value);
            }
            self.check_wanted()?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            std::thread::sleep(pause.min(left.unwrap_or(pause)));
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        }
        attempt(self, true)?.ok_or_else(|| {
            Failure::assertion(format!("action timed out after {} seconds", limit.as_secs_f64()))
        })
    }

    /// The argument `timeout`, 900 seconds when it is `None`.
    fn timeout(&self) -> Duration {
        self.args.duration("timeout").unwrap_or(DEFAULT_WAIT)
    }
}

/// Output of commands as text; what is no UTF-8 is replaced.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A word for the shell that stands for exactly `text`.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn words_for_the_shell() {
        for (text, quoted) in
            [("a.service", "a.service"), ("", "''"), ("it's $x", r"'it'\''s $x'"), ("a b", "'a b'")]
        {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn every_method_of_the_manual_is_there() {
        let named: BTreeSet<_> = machine_methods().map(|method| method.name).collect();
        let expected = include_str!("../../tests/methods.txt");
        let missing: Vec<_> = expected.split_whitespace().filter(|m| !named.contains(m)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(named.len(), machine_methods().count(), "no name twice");
    }
}
