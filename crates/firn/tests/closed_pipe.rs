//! A reader that goes away ends the program without a word.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Stdio};

#[test]
fn nothing_is_said_about_a_closed_pipe() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firn"))
        .args(["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
}
