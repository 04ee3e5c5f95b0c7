//! The trait behind which virtual machines and containers look alike.

use crate::agent::AgentClient;
use crate::console::Console;
use crate::error::{MachineError, Result};
use serde::{Deserialize, Serialize};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How a node is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// A virtual machine in QEMU.
    Vm,
    /// Namespaces with systemd as process 1.
    Container,
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not started, or ended.
    Off,
    /// Started; the agent inside has not greeted.
    Booting,
    /// The agent inside answers.
    Up,
}

/// How to start a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartOptions {
    /// A reboot asked for inside the machine restarts it instead of ending it.
    pub allow_reboot: bool,
}

/// One node of a test.
///
/// Call order: `start` brings it up and returns at once; `agent` and `console` are valid at any time, but
/// requests to the agent fail until it has greeted ([`AgentClient::wait_connected`]). After the machine has
/// ended, by whatever way, it may be started again. Dropping a machine ends it and everything in it.
pub trait Machine: Send + Sync {
    /// Name of the node.
    fn name(&self) -> &str;
    /// How it is run.
    fn backend(&self) -> Backend;
    /// Starts it; no effect when it runs already.
    fn start(&self, options: StartOptions) -> Result<()>;
    /// Whether it runs.
    fn state(&self) -> State;
    /// Whether it goes on from a saved boot: the machine that runs, or else its next start.
    fn resumes(&self) -> bool {
        false
    }
    /// The channel to the agent inside.
    fn agent(&self) -> &AgentClient;
    /// The console.
    fn console(&self) -> &Arc<Console>;
    /// Asks the machine to power off, as pressing its button does. Does not wait.
    fn power_down(&self) -> Result<()>;
    /// Waits for its end; `Timeout` after `limit`.
    fn wait_ended(&self, limit: Option<Duration>) -> Result<()>;
    /// Pulls the plug and waits for the end.
    fn kill(&self) -> Result<()>;
    /// Pulls or plugs the cable of its first card on a virtual LAN; the others stay as they are.
    fn set_link(&self, up: bool);
    /// Connects to an address (`HOST:PORT`) as the machine sees it.
    ///
    /// # Errors
    /// Nobody listens, or the machine is a virtual one: QEMU leads ports into those.
    fn connect(&self, address: &str) -> Result<TcpStream> {
        let text = format!("{} is a virtual machine: {address} is not to be reached", self.name());
        Err(MachineError::unsupported(&text, "let QEMU forward a port"))
    }
    /// Process 1 of a container as this side numbers it, while it runs.
    fn first_process(&self) -> Option<u32> {
        None
    }
    /// What only virtual machines have.
    fn hardware(&self) -> Result<&dyn Hardware> {
        Err(MachineError::unsupported(
            &format!("{} is a container and has no virtual hardware", self.name()),
            "run it as a virtual machine: set `virtualisation.backend = \"vm\"` in the node, \
             or pass `--backend vm`",
        ))
    }
}

/// The virtual hardware of a machine in QEMU.
pub trait Hardware {
    /// Runs a command of QEMU's human monitor and gives its answer.
    fn monitor(&self, command: &str) -> Result<String>;
    /// Runs a QMP command and gives its return value.
    fn qmp(&self, command: &str, arguments: serde_json::Value) -> Result<serde_json::Value>;
    /// Waits for the first QMP event (one that was not given before) that `matches`.
    fn wait_event(
        &self,
        limit: Duration,
        matches: &mut dyn FnMut(&serde_json::Value) -> bool,
    ) -> Result<serde_json::Value>;
    /// Resets the machine; needs `allow_reboot`.
    fn reset(&self) -> Result<()>;
    /// Saves the running machine into the folder, which is there, and ends it: others like it may go on from
    /// there ([`crate::qemu::saved`]), and run the command `after` first. Requests to its agent must have ended.
    fn save(&self, folder: &Path, after: &str) -> Result<()>;
    /// Writes a picture of the screen as PNG.
    fn screenshot(&self, target: &Path) -> Result<()>;
    /// Process id of QEMU.
    fn process(&self) -> Option<u32>;
}
