//! Saved boots: a machine's memory, devices and disks at one moment, in a folder, and how it goes on from there.
//!
//! | file | what it is |
//! | --- | --- |
//! | `saved.json` | [`Manifest`] |
//! | `state` | memory and devices, the stream of QEMU's migration |
//! | `console` | what the console said until then |
//! | NAME.disk | each file that [`super::VmOptions::disks`] lists, packed |
//!
//! QEMU's rules for migration hold: the machine that goes on is made with the same devices in the same places by
//! the same QEMU, and the parts of its disks that it knows are the same. Sockets, ports of the host and what
//! is behind them may be others.

use super::command::Accelerator;
use super::qmp::QmpClient;
use crate::agent::AgentClient;
use crate::error::{Context, ErrorKind, MachineError, Result};
use crate::image::disk::{DiskContent, DiskPlan};
use crate::image::packed;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where QEMU finds the state.
pub(super) const STATE_DESCRIPTOR: i32 = 3;
/// How long a resumed machine's agent may take to answer.
pub(super) const AGENT_LIMIT: Duration = Duration::from_secs(60);
/// How long reading or writing the state may take.
const STATE_LIMIT: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(3);
const VERSION: u32 = 1;

/// A folder with a saved boot.
#[derive(Clone, Debug)]
pub struct SavedBoot {
    /// Where it is.
    pub folder: PathBuf,
}

/// What a saved boot says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this layout.
    pub version: u32,
    /// How instructions were run; only the same way can go on.
    pub accelerator: String,
    /// Length of `state` in bytes.
    pub state: u64,
    /// A command that a machine runs first when it has gone on; empty for none.
    #[serde(default)]
    pub after: String,
}

impl SavedBoot {
    /// What is known of it, if a machine that runs its instructions this way can go on from here.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, accelerator: Accelerator) -> Result<Manifest> {
        let path = self.folder.join("saved.json");
        let text = std::fs::read(&path).doing(|| format!("cannot read {}", path.display()))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).doing(|| format!("{} is damaged", path.display()))?;
        let Manifest { version, accelerator: saved, state, .. } = &manifest;
        if *version != VERSION {
            return Err(refused(format!("its version is {version}, not {VERSION}")));
        }
        if saved != name(accelerator) {
            return Err(refused(format!(
                "it was saved with {saved}, and machines run with {} here",
                name(accelerator)
            )));
        }
        let length = self.state()?.metadata()?.len();
        if length != *state {
            return Err(refused(format!("its state has {length} bytes instead of {state}")));
        }
        Ok(manifest)
    }

    /// The state, to be read.
    pub(super) fn state(&self) -> Result<File> {
        let path = self.folder.join("state");
        File::open(&path).doing(|| format!("cannot read {}", path.display()))
    }

    /// What the console said until the machine was saved.
    pub(super) fn console(&self) -> String {
        let text = std::fs::read(self.folder.join("console")).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    /// How a disk is made for a machine that goes on from here.
    pub(super) fn plan(&self, disk: &DiskPlan) -> DiskPlan {
        let content = DiskContent::Packed(self.disk(&disk.file));
        DiskPlan { file: disk.file.clone(), content }
    }

    fn disk(&self, file: &Path) -> PathBuf {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        self.folder.join(format!("{name}.disk"))
    }

    /// Writes `disks`, which no machine uses any more, `console`, and what is known about the state, which is
    /// there.
    pub(super) fn finish(
        &self,
        disks: &[DiskPlan],
        console: &str,
        accelerator: Accelerator,
        after: &str,
    ) -> Result<()> {
        for disk in disks {
            packed::pack(&disk.file, &self.disk(&disk.file))
                .doing(|| format!("cannot save the disk {}", disk.file.display()))?;
        }
        std::fs::write(self.folder.join("console"), console)?;
        let state = self.state()?.metadata()?.len();
        let (accelerator, after) = (name(accelerator).to_string(), after.to_string());
        let text = serde_json::to_vec(&Manifest { version: VERSION, accelerator, state, after })
            .doing(|| "cannot describe a saved boot".into())?;
        Ok(std::fs::write(self.folder.join("saved.json"), text)?)
    }

    /// Stops a machine and writes its memory and devices. `socket` is a path for a socket.
    pub(super) fn write_state(&self, qmp: &QmpClient, socket: &Path) -> Result<()> {
        let path = self.folder.join("state");
        let failed = || format!("cannot write {}", path.display());
        let mut file = File::create(&path).doing(failed)?;
        let _ = std::fs::remove_file(socket);
        let listener = UnixListener::bind(socket).doing(failed)?;
        // QEMU connects before it answers `migrate`, so that the other end waits already.
        let copy = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            std::io::copy(&mut stream, &mut file)?;
            file.flush()
        });
        qmp.command("stop", Value::Null)?;
        qmp.command("migrate-set-parameters", json!({"max-bandwidth": i64::MAX}))?;
        let uri = format!("unix:{}", socket.display());
        qmp.command("migrate", json!({"uri": uri}))?;
        wait_for(qmp, "query-migrate", "completed", &["failed", "cancelled"])?;
        let copied = copy.join().map_err(|_| MachineError::gone(failed()))?;
        copied.doing(failed)
    }
}

/// Waits until the state is read, and lets the machine go on.
pub(super) fn go_on(qmp: &QmpClient) -> Result<()> {
    let until = Instant::now() + STATE_LIMIT;
    loop {
        let answer = qmp.command("query-status", Value::Null)?;
        match answer.get("status").and_then(Value::as_str) {
            Some("inmigrate") if Instant::now() < until => std::thread::sleep(LOOK_EVERY),
            Some("inmigrate") => return Err(MachineError::timeout("QEMU reads no state")),
            _ => break,
        }
    }
    qmp.command("cont", Value::Null).map(drop)
}

/// Runs what has to be done first in a machine that has gone on.
pub(super) fn run_after(agent: &AgentClient, command: &str) -> Result<()> {
    if command.is_empty() {
        return Ok(());
    }
    let output = agent.exec(command, Some(AGENT_LIMIT))?;
    if output.status == 0 {
        return Ok(());
    }
    Err(refused(format!("`{command}` failed (exit code {})", output.status)))
}

/// Asks until the status is `wanted`.
fn wait_for(qmp: &QmpClient, question: &str, wanted: &str, failures: &[&str]) -> Result<()> {
    let until = Instant::now() + STATE_LIMIT;
    loop {
        let answer = qmp.command(question, Value::Null)?;
        let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
        if status == wanted {
            return Ok(());
        }
        if failures.contains(&status) {
            let why = answer.get("error-desc").and_then(Value::as_str).unwrap_or(status);
            return Err(refused(format!("QEMU cannot save this machine: {why}")));
        }
        if Instant::now() > until {
            return Err(MachineError::timeout("QEMU does not finish the state"));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn refused(why: String) -> MachineError {
    MachineError::new(ErrorKind::Failed, why)
}

fn name(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "hardware acceleration (KVM)",
        Accelerator::Tcg => "emulation",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_cannot_be_resumed_says_why() {
        let scratch = tempfile::tempdir().unwrap();
        let saved = SavedBoot { folder: scratch.path().join("saved") };
        let refusal =
            |saved: &SavedBoot, accelerator| saved.check(accelerator).unwrap_err().to_string();
        assert!(refusal(&saved, Accelerator::Tcg).contains("cannot read"));
        std::fs::create_dir(&saved.folder).unwrap();
        std::fs::write(saved.folder.join("state"), "1234").unwrap();
        let disk = DiskPlan { file: scratch.path().join("disk0"), content: DiskContent::Empty(1) };
        disk.make().unwrap();
        saved.finish(std::slice::from_ref(&disk), "said\n", Accelerator::Tcg, "").unwrap();
        saved.check(Accelerator::Tcg).unwrap();
        assert_eq!(saved.console(), "said\n");
        std::fs::remove_file(&disk.file).unwrap();
        saved.plan(&disk).make().unwrap();
        assert_eq!(std::fs::metadata(&disk.file).unwrap().len(), 1 << 20);
        assert!(refusal(&saved, Accelerator::Kvm).contains("saved with emulation"));
        std::fs::write(saved.folder.join("state"), "123").unwrap();
        assert!(refusal(&saved, Accelerator::Tcg).contains("3 bytes instead of 4"));
        std::fs::write(saved.folder.join("saved.json"), "{").unwrap();
        assert!(refusal(&saved, Accelerator::Tcg).contains("is damaged"));
    }
}
