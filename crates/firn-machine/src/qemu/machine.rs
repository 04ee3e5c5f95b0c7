//! A virtual machine as a [`Machine`].

use super::command::{Accelerator, Sockets, VmSpec};
use super::qmp::QmpClient;
use super::resets::watch_resets;
use super::saved::{self, SavedBoot};
use crate::agent::AgentClient;
use crate::agent::client::Run;
use crate::console::{Console, LineListener};
use crate::error::{Context, ErrorKind, MachineError, Result};
use crate::image::disk::DiskPlan;
use crate::machine::{Backend, Hardware, Machine, StartOptions, State};
use crate::net::SwitchPort;
use crate::process::Process;
use crate::spawn::{spawn_bound, without_huge_pages};
use serde_json::{Value, json};
use std::io::Read;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long QEMU may take to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(60);
const CONNECT_PAUSE: Duration = Duration::from_millis(5);
/// How many last lines explain why a machine could not be resumed.
const WORDS_OF_QEMU: usize = 5;
const AGENT_COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// A program that serves the machine over a socket, as long as the machine runs.
#[derive(Clone, Debug)]
pub struct Companion {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its socket.
    pub socket: PathBuf,
    /// It gets the listening socket as file descriptor 3, and does not make it.
    pub inherits: bool,
}

/// How QEMU starts.
#[derive(Clone, Debug)]
pub enum Start {
    /// This program with the arguments that the description of the hardware gives.
    Program(PathBuf),
    /// A command of the user's, which ends in arguments of QEMU: the driver adds its channels.
    Command {
        /// The shell that runs it.
        shell: PathBuf,
        /// The command.
        text: String,
        /// Variables that it gets.
        environment: Vec<(String, String)>,
    },
}

impl Start {
    fn command(&self, spec: &VmSpec) -> Command {
        match self {
            Self::Program(program) => {
                let mut command = Command::new(program);
                command.args(spec.arguments());
                command
            }
            Self::Command { shell, text, environment } => {
                let mut command = Command::new(shell);
                // A newline or a comment at its end would part the command from the arguments.
                let text = text.trim_end();
                command.arg("-c").arg(format!("{text} \"$@\"")).arg("start");
                command.args(spec.driver_arguments());
                command.envs(environment.iter().map(|(name, value)| (name, value)));
                command
            }
        }
    }
}

impl std::fmt::Display for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Program(program) => write!(f, "{}", program.display()),
            Self::Command { text, .. } => write!(f, "the command `{text}`"),
        }
    }
}

/// What a virtual machine is made from.
pub struct VmOptions {
    /// Name of the node.
    pub name: String,
    /// How QEMU starts.
    pub start: Start,
    /// A folder of its own with a short path.
    pub folder: PathBuf,
    /// The hardware; `sockets` and `allow_reboot` are filled in here.
    pub spec: VmSpec,
    /// Files to make before the first start.
    pub disks: Vec<DiskPlan>,
    /// A saved boot: the first start resumes from it. Where that fails the machine boots.
    pub saved: Option<SavedBoot>,
    /// Programs to start before each start of the machine.
    pub companions: Vec<Companion>,
    /// Its places on switches.
    pub ports: Vec<SwitchPort>,
    /// Sees every console line, and what commands write to standard error.
    pub console: LineListener,
}

/// A node in QEMU.
pub struct Vm {
    options: VmOptions,
    agent: Arc<AgentClient>,
    console: Arc<Console>,
    running: Mutex<Option<Running>>,
    /// Whether it was started before.
    started: AtomicBool,
    /// Whether the latest start went on from a saved boot.
    resumed: AtomicBool,
}

#[derive(Clone)]
struct Running {
    process: Arc<Process>,
    qmp: Arc<QmpClient>,
    companions: Vec<Arc<Process>>,
}

impl Vm {
    /// A machine that is off.
    pub fn new(mut options: VmOptions) -> Result<Self> {
        std::fs::create_dir_all(&options.folder)
            .doing(|| format!("cannot make {}", options.folder.display()))?;
        let socket = |name: &str| options.folder.join(name);
        let sockets = Sockets {
            qmp: socket("qmp"),
            console: socket("console"),
            agent: socket("agent"),
            debugger: socket("debugger"),
        };
        let console = Console::new(options.console.clone());
        let agent = AgentClient::listen(&options.name, &sockets.agent, console.talk())?;
        options.spec.sockets = sockets;
        let (started, resumed) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { options, agent, console, running: Mutex::new(None), started, resumed })
    }

    /// Boots, from the disks as they are.
    fn boot(&self, start: StartOptions) -> Result<Running> {
        self.resumed.store(false, Ordering::Relaxed);
        self.options.disks.iter().try_for_each(DiskPlan::make)?;
        let spec = VmSpec { allow_reboot: start.allow_reboot, ..self.options.spec.clone() };
        self.launch(spec, Vec::new())
    }

    /// Starts at the point where the machine was saved, or boots where that is impossible.
    fn resume_or_boot(&self, start: StartOptions, saved: &SavedBoot) -> Result<(Running, Run)> {
        let run = self.agent.reopen();
        let error = match self.resume(start, saved) {
            Ok(running) => return Ok((running, run)),
            Err(error) => error,
        };
        (self.options.console)(&format!(
            "warning: cannot resume the saved boot {}, so the machine boots: {error}",
            saved.folder.display()
        ));
        self.options.disks.iter().for_each(|plan| drop(std::fs::remove_file(&plan.file)));
        self.console.reset();
        let run = self.agent.reopen();
        Ok((self.boot(start)?, run))
    }

    fn resume(&self, start: StartOptions, saved: &SavedBoot) -> Result<Running> {
        let manifest = saved.check(self.options.spec.accelerator)?;
        let plans = self.options.disks.iter().map(|plan| saved.plan(plan));
        plans.into_iter().try_for_each(|plan| plan.make())?;
        let state = saved.state()?;
        let incoming = Some(saved::STATE_DESCRIPTOR);
        let spec =
            VmSpec { allow_reboot: start.allow_reboot, incoming, ..self.options.spec.clone() };
        self.console.recall(&saved.console());
        let running = self.launch(spec, vec![(state.into(), saved::STATE_DESCRIPTOR)])?;
        let resumed = saved::go_on(&running.qmp)
            .and_then(|()| self.agent.greet_again(saved::AGENT_LIMIT))
            .and_then(|_| self.agent.renew())
            .and_then(|()| saved::run_after(&self.agent, &manifest.after));
        if let Err(error) = resumed {
            running.process.signal_group(libc::SIGKILL);
            running.process.wait(None);
            running.companions.iter().for_each(|companion| companion.signal(libc::SIGTERM));
            let said = self.console.last_lines(WORDS_OF_QEMU).join("\n");
            return Err(MachineError::gone(format!("{error}\n{said}")));
        }
        self.resumed.store(true, Ordering::Relaxed);
        Ok(running)
    }

    fn launch(&self, spec: VmSpec, keep: Vec<(OwnedFd, RawFd)>) -> Result<Running> {
        let companions = self.start_companions()?;
        let qmp = listen(&spec.sockets.qmp)?;
        let console = listen(&spec.sockets.console)?;
        let mut command = self.options.start.command(&spec);
        // All that a command starts ends with it.
        command.current_dir(&self.options.folder).process_group(0);
        // Copies of drives that keep nothing lie there; a build has no /var/tmp.
        command.env("TMPDIR", &self.options.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        // What a saved machine brings is written in one go.
        if spec.accelerator == Accelerator::Tcg && spec.incoming.is_none() {
            without_huge_pages(&mut command);
        }
        let mut child =
            spawn_bound(command, keep).doing(|| format!("cannot start {}", self.options.start))?;
        let errors = child.stderr.take();
        let process = Process::watch(child);
        let connected = accept(&console, &process)
            .and_then(|console| Ok((console, accept(&qmp, &process)?)))
            .and_then(|(console, qmp)| Ok((console, QmpClient::new(qmp)?)));
        let (console, qmp) = match connected {
            Ok(channels) => channels,
            Err(error) => {
                process.signal_group(libc::SIGKILL);
                let mut text = String::new();
                let _ = errors.map(|mut pipe| pipe.read_to_string(&mut text));
                let message = format!("{}: {error}\n{}", self.options.name, text.trim_end());
                return Err(MachineError::gone(message));
            }
        };
        if let Some(errors) = errors {
            self.console.attach(errors);
        }
        self.console.set_input(console.try_clone()?);
        self.console.attach(console);
        let qmp = Arc::new(qmp);
        let serves = matches!(self.options.start, Start::Program(_)) && spec.serves_debugger();
        let debugger = serves.then_some(spec.sockets.debugger);
        watch_resets(qmp.clone(), self.agent.clone(), debugger);
        Ok(Running { process, qmp, companions })
    }

    fn start_companions(&self) -> Result<Vec<Arc<Process>>> {
        let start = |companion: &Companion| {
            let _ = std::fs::remove_file(&companion.socket);
            let mut command = Command::new(&companion.program);
            command.args(&companion.arguments).current_dir(&self.options.folder).process_group(0);
            let (mut errors, writer) = std::io::pipe()?;
            command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
            let mut keep = Vec::new();
            if companion.inherits {
                let listener = UnixListener::bind(&companion.socket)
                    .doing(|| format!("cannot listen on {}", companion.socket.display()))?;
                keep.push((listener.into(), 3));
            }
            let child = spawn_bound(command, keep)
                .doing(|| format!("cannot start {}", companion.program.display()))?;
            let process = Process::watch(child);
            wait_for_socket(companion, &process, &mut errors)?;
            self.console.attach(errors);
            Ok(process)
        };
        self.options.companions.iter().map(start).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn current(&self) -> Result<Running> {
        let running = self.lock().clone().filter(|running| running.process.is_running());
        running.ok_or_else(|| {
            MachineError::gone(format!("{}: the machine is not running", self.options.name))
        })
    }
}

/// Waits until the program has made its socket; what it says until then explains its end.
fn wait_for_socket(
    companion: &Companion,
    process: &Process,
    errors: &mut std::io::PipeReader,
) -> Result<()> {
    let until = Instant::now() + CONNECT_LIMIT;
    let program = companion.program.display();
    while !companion.socket.exists() {
        if !process.is_running() {
            let mut said = String::new();
            let _ = errors.read_to_string(&mut said);
            return Err(MachineError::gone(format!("{program} ended: {}", said.trim_end())));
        }
        if Instant::now() > until {
            process.signal(libc::SIGKILL);
            return Err(MachineError::timeout(format!("{program} makes no socket")));
        }
        std::thread::sleep(CONNECT_PAUSE);
    }
    Ok(())
}

fn listen(path: &Path) -> Result<UnixListener> {
    let _ = std::fs::remove_file(path);
    let listener =
        UnixListener::bind(path).doing(|| format!("cannot listen on {}", path.display()))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn accept(listener: &UnixListener, process: &Process) -> Result<UnixStream> {
    let until = Instant::now() + CONNECT_LIMIT;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                return Ok(stream);
            }
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => {
                return Err(error.into());
            }
            Err(_) if !process.is_running() => {
                return Err(MachineError::gone("QEMU ended before it connected"));
            }
            Err(_) if Instant::now() > until => {
                return Err(MachineError::timeout("QEMU does not connect"));
            }
            Err(_) => std::thread::sleep(CONNECT_PAUSE),
        }
    }
}

impl Machine for Vm {
    fn name(&self) -> &str {
        &self.options.name
    }

    fn backend(&self) -> Backend {
        Backend::Vm
    }

    fn start(&self, options: StartOptions) -> Result<()> {
        let mut slot = self.lock();
        if slot.as_ref().is_some_and(|running| running.process.is_running()) {
            return Ok(());
        }
        *slot = None;
        self.console.reset();
        let first = !self.started.swap(true, Ordering::Relaxed);
        let (running, run) = match self.options.saved.as_ref().filter(|_| first) {
            Some(saved) => self.resume_or_boot(options, saved)?,
            None => {
                let run = self.agent.reopen();
                (self.boot(options)?, run)
            }
        };
        let (process, agent) = (running.process.clone(), self.agent.clone());
        let companions = running.companions.clone();
        std::thread::spawn(move || {
            process.wait(None);
            companions.iter().for_each(|companion| companion.signal(libc::SIGTERM));
            agent.close(run, "the virtual machine has stopped");
        });
        *slot = Some(running);
        Ok(())
    }

    fn state(&self) -> State {
        match self.current() {
            Ok(_) if self.agent.is_connected() => State::Up,
            Ok(_) => State::Booting,
            Err(_) => State::Off,
        }
    }

    fn resumes(&self) -> bool {
        match self.current() {
            Ok(_) => self.resumed.load(Ordering::Relaxed),
            Err(_) => self.options.saved.is_some() && !self.started.load(Ordering::Relaxed),
        }
    }

    fn agent(&self) -> &AgentClient {
        &self.agent
    }

    fn console(&self) -> &Arc<Console> {
        &self.console
    }

    fn power_down(&self) -> Result<()> {
        self.qmp("system_powerdown", Value::Null).map(drop)
    }

    fn wait_ended(&self, limit: Option<Duration>) -> Result<()> {
        let process = self.lock().as_ref().map(|running| running.process.clone());
        match process {
            Some(process) if !process.wait(limit) => Err(MachineError::timeout(format!(
                "{}: still running after {} s",
                self.options.name,
                limit.unwrap_or_default().as_secs()
            ))),
            _ => Ok(()),
        }
    }

    fn kill(&self) -> Result<()> {
        if let Some(running) = &*self.lock() {
            running.process.signal_group(libc::SIGKILL);
        }
        self.wait_ended(None)
    }

    fn set_link(&self, up: bool) {
        if let Some(port) = self.options.ports.first() {
            port.set_link(up);
            let _ = self.qmp("set_link", json!({"name": "lan0", "up": up}));
        }
    }

    fn hardware(&self) -> Result<&dyn Hardware> {
        Ok(self)
    }
}

impl Hardware for Vm {
    fn monitor(&self, command: &str) -> Result<String> {
        let answer = self.qmp("human-monitor-command", json!({"command-line": command}))?;
        Ok(answer.as_str().unwrap_or_default().replace('\r', ""))
    }

    fn qmp(&self, command: &str, arguments: Value) -> Result<Value> {
        self.current()?.qmp.command(command, arguments)
    }

    fn wait_event(
        &self,
        limit: Duration,
        matches: &mut dyn FnMut(&Value) -> bool,
    ) -> Result<Value> {
        self.current()?.qmp.wait_event(limit, matches)
    }

    fn reset(&self) -> Result<()> {
        let command = "systemctl --no-block reboot";
        // The agent may be stopped before it can answer.
        let asked = self.agent.is_connected()
            && match self.agent.exec(command, Some(AGENT_COMMAND_LIMIT)) {
                Ok(output) => output.status == 0,
                Err(error) => error.kind == ErrorKind::Gone,
            };
        if !asked {
            self.qmp("system_reset", Value::Null)?;
        }
        self.agent.expect_restart();
        Ok(())
    }

    fn save(&self, folder: &Path, after: &str) -> Result<()> {
        let running = self.current()?;
        let saved = SavedBoot { folder: folder.to_path_buf() };
        saved.write_state(&running.qmp, &self.options.folder.join("state.sock"))?;
        let _ = running.qmp.command("quit", Value::Null);
        running.process.wait(None);
        let VmOptions { disks, spec, .. } = &self.options;
        saved.finish(disks, &self.console.text(), spec.accelerator, after)
    }

    fn screenshot(&self, target: &Path) -> Result<()> {
        let filename = target.to_string_lossy();
        self.qmp("screendump", json!({"filename": filename, "format": "png"})).map(drop)
    }

    fn process(&self) -> Option<u32> {
        self.current().ok().map(|running| running.process.id)
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}
