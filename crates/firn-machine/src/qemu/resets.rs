//! What a reset of the machine means for the driver: its agent is gone until it greets anew, and QEMU is to
//! forget the code that it has translated.
//!
//! After a reset the firmware and the kernel are loaded over memory whose old contents QEMU has translated.
//! It then gives up the translations block by block, at each write into such a page, which makes a second
//! start under emulation ten times as slow as the first (QEMU 7.2; `tb_invalidate_phys_page_fast` in
//! `accel/tcg/tb-maint.c`). It forgets all of them at once when a debugger has let the machine do one step, and
//! that is what happens here, over the protocol in "Remote Serial Protocol" of GDB's manual.

use super::qmp::QmpClient;
use crate::agent::AgentClient;
use crate::error::{MachineError, Result};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long QEMU may take to answer the debugger.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
/// One step.
const STEP: &[u8] = b"$s#73";
/// The debugger leaves, and the machine goes on.
const DETACH: &[u8] = b"$D#44";

/// Does that after each reset, whoever asked for it, until QEMU ends. `debugger` is the socket where it serves
/// debuggers, if it does.
pub fn watch_resets(qmp: Arc<QmpClient>, agent: Arc<AgentClient>, debugger: Option<PathBuf>) {
    let resets = qmp.resets();
    std::thread::spawn(move || {
        for () in resets {
            agent.expect_restart();
            if let Some(socket) = &debugger {
                forget(&qmp, socket);
            }
        }
    });
}

fn forget(qmp: &QmpClient, socket: &Path) {
    qmp.hide_pauses(true);
    if step(socket).is_err() {
        // Nothing is lost but time; the machine must not stand still, though.
        let _ = qmp.command("cont", Value::Null);
    }
    // With this answer all events of the pause have come.
    let _ = qmp.command("query-status", Value::Null);
    qmp.hide_pauses(false);
}

fn step(socket: &Path) -> Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    // That somebody connects has stopped the machine.
    ask(&mut stream, STEP)?;
    ask(&mut stream, DETACH)
}

/// Sends a packet and waits for the one that answers it, after its acknowledgement.
fn ask(stream: &mut UnixStream, packet: &[u8]) -> Result<()> {
    stream.write_all(packet)?;
    for wanted in *b"+$#" {
        skip_to(stream, wanted)?;
    }
    let mut checksum = [0; 2];
    stream.read_exact(&mut checksum)?;
    Ok(())
}

fn skip_to(stream: &mut UnixStream, wanted: u8) -> Result<()> {
    let mut byte = [0];
    while byte[0] != wanted {
        if stream.read(&mut byte)? == 0 {
            return Err(MachineError::gone("QEMU has let go of the debugger"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn packets_have_their_checksums() {
        for packet in [STEP, DETACH] {
            let text = std::str::from_utf8(packet).unwrap();
            let (body, sum) = text[1..].split_once('#').unwrap();
            let wanted = body.bytes().fold(0u8, u8::wrapping_add);
            assert_eq!(u8::from_str_radix(sum, 16).unwrap(), wanted, "{text}");
        }
    }

    #[test]
    fn answers_come_after_the_acknowledgement() {
        let (mut ours, mut qemu) = UnixStream::pair().unwrap();
        // The notice that the machine stands still comes first, unasked.
        qemu.write_all(b"$T02thread:01;#04+$T05thread:01;#07+$OK#9a").unwrap();
        ask(&mut ours, STEP).unwrap();
        ask(&mut ours, DETACH).unwrap();
        drop(ours);
        let mut sent = Vec::new();
        qemu.read_to_end(&mut sent).unwrap();
        assert_eq!(sent, [STEP, DETACH].concat());
    }
}
