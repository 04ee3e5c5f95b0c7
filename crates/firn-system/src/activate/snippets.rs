//! Shell code of `system.activationScripts`: neighbouring snippets run in one shell, so that they
//! share variables and the machine starts few processes.

use super::plan::Step;
use super::{Action, Activation};
use crate::{Error, Result};
use std::process::Command;

/// Runs the snippets.
pub fn run(activation: &Activation, steps: &[Step]) -> Result<()> {
    let script = script(activation, steps);
    if script.is_empty() {
        return Ok(());
    }
    let plan = &activation.plan;
    let status = Command::new(&plan.shell)
        .arg("-c")
        .arg(&script)
        .env_clear()
        .env("PATH", &plan.path)
        .env("HOME", "/root")
        .env("systemConfig", &activation.toplevel)
        .env("NIXOS_ACTION", activation.action.word())
        .status()
        .map_err(|err| Error::io("run the shell", &plan.shell, &err))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new(format!("activation snippets failed ({status})"))
        .with_help("the messages above name the snippet"))
}

/// One script: a failing snippet is named, and the next one runs all the same.
fn script(activation: &Activation, steps: &[Step]) -> String {
    let mut text = String::new();
    for step in steps {
        let Step::Snippet { name, text: code, dry } = step else { continue };
        if activation.action == Action::Dry && !dry {
            eprintln!("would run the activation snippet '{name}'");
            continue;
        }
        text += &format!(
            "_localstatus=0\ntrap '_localstatus=$?' ERR\n#### {name}:\n{code}\n\
             if (( _localstatus > 0 )); then\n  \
             printf \"Activation script snippet '%s' failed (%s)\\n\" {name:?} \"$_localstatus\" >&2\n  \
             _status=1\nfi\n"
        );
    }
    if text.is_empty() {
        text
    } else {
        format!("_status=0\numask 0022\ncd /\n{text}exit $_status\n")
    }
}
