//! Shell code of `system.activationScripts`: neighbouring snippets run in one shell, so that they
//! share variables and the machine starts few processes.

use super::plan::Step;
use super::{Action, Activation};
use crate::{Error, Result};
use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::process::Command;

/// Runs the snippets.
pub fn run(activation: &Activation, steps: &[Step]) -> Result<()> {
    let script = script(activation, steps);
    if script.is_empty() {
        return Ok(());
    }
    let plan = &activation.plan;
    let mut command = Command::new(&plan.shell);
    // The kernel takes arguments up to a limit only.
    let mut file = None;
    if script.len() < LONGEST_ARGUMENT {
        command.arg("-c").arg(&script);
    } else {
        let file = file.insert(in_memory(&script)?);
        command.arg(format!("/proc/self/fd/{}", file.as_raw_fd()));
    }
    let status = command
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

/// Bytes of one argument that are always taken (`MAX_ARG_STRLEN` is 128 KiB).
const LONGEST_ARGUMENT: usize = 100_000;

/// A file with the script in memory, open in processes that are started too.
fn in_memory(script: &str) -> Result<File> {
    let failed =
        |err: &std::io::Error| Error::new(format!("cannot keep the activation snippets: {err}"));
    let file = rustix::fs::memfd_create("activation", rustix::fs::MemfdFlags::empty())
        .map_err(|err| failed(&err.into()))?;
    let mut file = File::from(file);
    file.write_all(script.as_bytes()).map_err(|err| failed(&err))?;
    Ok(file)
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_script_in_memory_is_read_by_a_shell() {
        let script = format!("{}exit 7\n", "# a long line\n".repeat(20_000));
        let file = in_memory(&script).unwrap();
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let status = Command::new("/bin/sh").arg(path).status().unwrap();
        assert_eq!(status.code(), Some(7));
    }
}
