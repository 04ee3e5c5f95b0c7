//! A container as a [`Machine`].

use super::helper::{CONTROL_FD, HELPER_COMMAND, SPEC_FD, remove_groups};
use super::inside;
use super::spec::{Bind, Card, ContainerSpec, Root, cgroup_parent};
use crate::agent::client::Run;
use crate::agent::{AgentClient, CONTAINER_SOCKET};
use crate::console::{Console, LineListener};
use crate::error::{Context, MachineError, Result};
use crate::machine::{Backend, Machine, StartOptions, State};
use crate::net::{Switch, SwitchPort};
use crate::process::Process;
use crate::spawn::spawn_bound;
use std::fs::File;
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The signal that asks systemd in a container to power off: SIGRTMIN+4; SIGRTMIN+3 would halt.
const POWER_OFF: u8 = 34 + 4;
const KILL: u8 = 9;

/// What a container is made from.
pub struct ContainerOptions {
    /// Name of the node.
    pub name: String,
    /// A folder of its own for sockets and mount points, short enough for unix sockets.
    pub folder: PathBuf,
    /// Its root.
    pub root: Root,
    /// Program and arguments of process 1.
    pub init: Vec<String>,
    /// Environment of process 1.
    pub environment: Vec<(String, String)>,
    /// Further folders to show, beside `/nix/store`.
    pub binds: Vec<Bind>,
    /// Network cards, each with its switch.
    pub cards: Vec<(Card, Arc<Switch>)>,
    /// The program to start as helper, normally the running one.
    pub program: PathBuf,
    /// Sees every console line, and what commands write to standard error.
    pub console: LineListener,
}

/// A node in namespaces.
pub struct Container {
    options: ContainerOptions,
    agent: Arc<AgentClient>,
    console: Arc<Console>,
    running: Mutex<Option<Running>>,
}

struct Running {
    process: Arc<Process>,
    control: UnixStream,
    ports: Vec<SwitchPort>,
}

impl Container {
    /// A container that is off. It listens for its agent from now on.
    pub fn new(options: ContainerOptions) -> Result<Self> {
        let sockets = options.folder.join("agent");
        std::fs::create_dir_all(&sockets).doing(|| format!("cannot make {}", sockets.display()))?;
        let name = Path::new(CONTAINER_SOCKET).file_name().unwrap_or_default();
        let console = Console::new(options.console.clone());
        let agent = AgentClient::listen(&options.name, &sockets.join(name), console.talk())?;
        Ok(Self { options, agent, console, running: Mutex::new(None) })
    }

    fn spec(&self) -> Result<ContainerSpec> {
        let mount_point = self.options.folder.join("root");
        std::fs::create_dir_all(&mount_point)?;
        let shown = |source: PathBuf, target: &str, writable| Bind {
            source,
            target: target.into(),
            writable,
        };
        let agent_folder =
            Path::new(CONTAINER_SOCKET).parent().map(Path::to_string_lossy).unwrap_or_default();
        let mut binds = vec![
            shown("/nix/store".into(), "/nix/store", false),
            shown(self.options.folder.join("agent"), &agent_folder, true),
        ];
        binds.retain(|bind| bind.source.exists());
        binds.extend(self.options.binds.iter().cloned());
        Ok(ContainerSpec {
            name: self.options.name.clone(),
            root: self.options.root.clone(),
            mount_point,
            binds,
            init: self.options.init.clone(),
            environment: self.options.environment.clone(),
            cards: self.options.cards.iter().map(|(card, _)| card.clone()).collect(),
            cgroup: self.cgroup(),
        })
    }

    fn cgroup(&self) -> Option<PathBuf> {
        let name = format!("firn-{}-{}", std::process::id(), self.options.name);
        Some(cgroup_parent()?.join(name))
    }

    fn launch(&self, run: Run) -> Result<Running> {
        let spec = self.spec()?;
        let json = serde_json::to_vec(&spec).doing(|| "cannot encode a container".into())?;
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = Command::new(&self.options.program);
        command.arg(HELPER_COMMAND).env_clear().stdin(Stdio::null()).stdout(Stdio::null());
        let errors = io::pipe()?;
        command.stderr(errors.1);
        let keep = vec![(memory_file(&json)?, SPEC_FD), (OwnedFd::from(theirs), CONTROL_FD)];
        let child = spawn_bound(command, keep)
            .doing(|| format!("cannot start {}", self.options.program.display()))?;
        self.console.attach(errors.0);
        let process = Process::watch(child);
        let mut descriptors = match receive_descriptors(&ours, 2 + spec.cards.len()) {
            Ok(descriptors) => descriptors.into_iter(),
            Err(_) => {
                process.wait(None);
                let said = self.console.last_lines(5).join("\n");
                return Err(MachineError::gone(format!("{}: {said}", self.options.name)));
            }
        };
        if let Some(console) = descriptors.next() {
            let console = File::from(console);
            self.console.set_input(console.try_clone()?);
            self.console.attach(console);
        }
        let terminal = descriptors.next();
        let switches = self.options.cards.iter().map(|(_, switch)| switch);
        let ports = switches.zip(descriptors).map(|(s, fd)| s.packet_port(fd)).collect();
        let (ended, agent) = (process.clone(), self.agent.clone());
        std::thread::spawn(move || {
            ended.wait(None);
            drop(terminal);
            agent.close(run, "the container has stopped");
        });
        Ok(Running { process, control: ours, ports })
    }

    fn signal(&self, signal: u8) -> Result<()> {
        match &mut *self.lock() {
            Some(running) => Ok(running.control.write_all(&[signal])?),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self) -> Option<Arc<Process>> {
        self.lock().as_ref().map(|running| running.process.clone())
    }
}

fn memory_file(content: &[u8]) -> Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, SeekFrom, memfd_create, seek};
    let fd = memfd_create("spec", MemfdFlags::CLOEXEC).doing(|| "no memory file".into())?;
    let mut file = File::from(fd);
    file.write_all(content)?;
    seek(&file, SeekFrom::Start(0)).doing(|| "cannot rewind".into())?;
    Ok(file.into())
}

fn receive_descriptors(control: &UnixStream, count: usize) -> io::Result<Vec<OwnedFd>> {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    let mut space = vec![std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(32))];
    let mut buffer = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    recvmsg(control, &mut [io::IoSliceMut::new(&mut byte)], &mut buffer, flags)?;
    let descriptors: Vec<OwnedFd> = buffer
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => Some(fds),
            _ => None,
        })
        .flatten()
        .collect();
    if descriptors.len() == count {
        Ok(descriptors)
    } else {
        Err(io::Error::other("the container helper ended early"))
    }
}

impl Machine for Container {
    fn name(&self) -> &str {
        &self.options.name
    }

    fn backend(&self) -> Backend {
        Backend::Container
    }

    fn start(&self, _options: StartOptions) -> Result<()> {
        let mut slot = self.lock();
        if slot.as_ref().is_some_and(|running| running.process.is_running()) {
            return Ok(());
        }
        *slot = None;
        self.console.reset();
        let run = self.agent.reopen();
        *slot = Some(self.launch(run)?);
        Ok(())
    }

    fn state(&self) -> State {
        match self.process() {
            Some(process) if process.is_running() => {
                if self.agent.is_connected() {
                    State::Up
                } else {
                    State::Booting
                }
            }
            _ => State::Off,
        }
    }

    fn agent(&self) -> &AgentClient {
        &self.agent
    }

    fn console(&self) -> &Arc<Console> {
        &self.console
    }

    fn power_down(&self) -> Result<()> {
        self.signal(POWER_OFF)
    }

    fn wait_ended(&self, limit: Option<Duration>) -> Result<()> {
        match self.process() {
            Some(process) if !process.wait(limit) => Err(MachineError::timeout(format!(
                "{}: still running after {} s",
                self.options.name,
                limit.unwrap_or_default().as_secs()
            ))),
            _ => Ok(()),
        }
    }

    fn kill(&self) -> Result<()> {
        let _ = self.signal(KILL);
        self.wait_ended(None)?;
        if let Some(group) = self.cgroup() {
            remove_groups(&group);
        }
        Ok(())
    }

    fn connect(&self, address: &str) -> Result<TcpStream> {
        let process = self.process().filter(|process| process.is_running());
        let process = process.ok_or_else(|| {
            MachineError::gone(format!("{}: the container is not running", self.options.name))
        })?;
        Ok(inside::connect(process.id, address)?)
    }

    fn first_process(&self) -> Option<u32> {
        let helper = self.process().filter(|process| process.is_running())?.id;
        let children = std::fs::read_to_string(format!("/proc/{helper}/task/{helper}/children"));
        children.ok()?.split_whitespace().next()?.parse().ok()
    }

    fn set_link(&self, up: bool) {
        if let Some(port) = self.lock().as_ref().and_then(|running| running.ports.first()) {
            port.set_link(up);
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
