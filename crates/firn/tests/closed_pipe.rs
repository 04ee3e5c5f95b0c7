//! A reader that goes away ends the program without a word.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};

#[test]
fn nothing_is_said_about_a_closed_pipe() {
    let long = "builtins.genList (x: \"line ${toString x}\") 20000";
    let lines = [
        &["completion", "bash"][..],
        &["--help"],
        &["build", "--help"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["eval", "--expr", long],
        &["eval", "--json", "--expr", long],
        &["eval", "--raw", "--expr", "toString (builtins.genList (x: x) 20000)"],
        &["nar", "pack", env!("CARGO_BIN_EXE_firn")],
    ];
    for words in lines {
        let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
            .args(words)
            .env("NIX_REMOTE", "dummy://")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, "", "{words:?}");
    }
}
