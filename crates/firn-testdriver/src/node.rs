//! The nodes of a test: configuration, machine, and what the log says about it.

use crate::config::{BackendChoice, Config, NodeConfig, variable_name};
use crate::driver::Driver;
use crate::failure::{Failure, Outcome};
use crate::log::{Log, millis};
use crate::make;
use crate::plug;
use crate::saved::tell_not_saved;
use crate::shares;
use firn_events::{Activity, Span};
use firn_machine::container::check_possible;
use firn_machine::net::Switch;
use firn_machine::{Backend, ErrorKind, Machine, StartOptions, State};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a boot may take. An emulated machine on a loaded host is slow; a machine that ends is noticed at
/// once.
const BOOT_LIMIT: Duration = Duration::from_secs(600);

/// How often a boot is looked at that takes long.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What systemd says on the console when it gives up.
const EMERGENCY: &str = "You are in emergency mode";
/// How often mounting a shared folder is tried that was just plugged in, twenty times a second.
const MOUNT_TRIES: u32 = 1200;
/// How long mounting a shared folder may take.
const MOUNT_LIMIT: Duration = Duration::from_secs(120);

/// One node.
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its name in the script.
    pub variable: String,
    /// What it is made from.
    pub config: NodeConfig,
    /// Its own folder on the driver's side.
    pub folder: PathBuf,
    /// The machine.
    pub machine: Arc<dyn Machine>,
    named_image: Option<PathBuf>,
    log: Log,
    boot: Mutex<Option<Boot>>,
    /// True once the test is over: nothing may start any more. Held while a machine is started.
    closed: Mutex<bool>,
}

struct Boot {
    span: Span,
    since: Instant,
    ready: bool,
    /// The boot whose shared folders are mounted.
    mounted: Option<String>,
}

/// What all nodes share.
pub struct Surroundings<'a> {
    /// The whole test.
    pub config: &'a Config,
    /// The log.
    pub log: &'a Log,
    /// A private folder with a short path.
    pub folder: &'a Path,
    /// Where the machines' folders are kept.
    pub states: Option<&'a Path>,
    /// The program to start helpers from.
    pub program: &'a Path,
    /// The virtual LANs.
    pub switches: &'a BTreeMap<u32, Arc<Switch>>,
}

impl Node {
    /// Makes the machine of a node; it is off.
    ///
    /// Errors: a sentence for the user, when the node cannot be run as wanted.
    pub fn new(name: &str, config: &NodeConfig, around: &Surroundings<'_>) -> Result<Self, String> {
        let backend = choose_backend(name, config, around)?;
        let folder = around.folder.join(format!("n{}", config.number));
        make_own_folder(&folder, name, around.states)?;
        let made = match backend {
            Backend::Container => make::container(name, config, around, folder.clone()),
            Backend::Vm => make::vm(name, config, around, folder.clone()),
        };
        if backend == Backend::Vm {
            tell_not_saved(around.log, name, config);
        }
        Ok(Self {
            name: name.to_string(),
            variable: variable_name(name),
            config: config.clone(),
            folder,
            machine: Arc::from(made.map_err(|error| format!("node {name}: {error}"))?),
            named_image: around.config.named_image.clone(),
            log: around.log.clone(),
            boot: Mutex::new(None),
            closed: Mutex::new(false),
        })
    }

    /// Makes a machine that a command of the script's starts; it is off.
    ///
    /// Errors: a sentence for the user.
    pub fn by_command(
        name: &str,
        number: u32,
        command: &str,
        driver: &Driver,
    ) -> Result<Self, String> {
        let folder = driver.folder.join(format!("c{number}"));
        make_own_folder(&folder, name, driver.states.as_deref())?;
        let shared = shares::shared_folder(&driver.folder);
        let machine =
            make::command_vm(name, command, &driver.config, &driver.log, folder.clone(), &shared)?;
        Ok(Self {
            name: name.to_string(),
            variable: variable_name(name),
            config: NodeConfig::named_by_nothing(number),
            folder,
            machine: Arc::from(machine),
            named_image: None,
            log: driver.log.clone(),
            boot: Mutex::new(None),
            closed: Mutex::new(false),
        })
    }

    /// Starts it, if it is off.
    pub fn start(&self, options: StartOptions) -> Outcome<()> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Err(Failure::machine(format!("{}: the test is over", self.name)));
        }
        if self.machine.state() != State::Off {
            return Ok(());
        }
        let how = self.how();
        self.log.line(Some(&self.name), &format!("starting ({how})"));
        let since = Instant::now();
        let span = self.log.events().start(self.activity(how));
        self.machine.start(options)?;
        // A saved boot that can't be resumed shows by now.
        let span = match self.how() {
            now if now == how => span,
            now => self.log.events().start(self.activity(now)),
        };
        let boot = Boot { span, since, ready: false, mounted: None };
        *self.boot.lock().unwrap_or_else(PoisonError::into_inner) = Some(boot);
        Ok(())
    }

    /// How it is run, or will be with its next start.
    fn how(&self) -> &'static str {
        match self.machine.backend() {
            Backend::Vm if self.machine.resumes() => "saved boot",
            Backend::Vm => "vm",
            Backend::Container => "container",
        }
    }

    fn activity(&self, how: &str) -> Activity {
        Activity::Node { name: self.name.clone(), backend: how.into() }
    }

    /// Starts it if needed and waits for the agent inside.
    pub fn connect(&self) -> Outcome<()> {
        self.start(StartOptions::default())?;
        // A machine that was resumed or has restarted answers at once, and the rest is still to do.
        if self.is_ready() {
            return Ok(());
        }
        self.wait_booted()?;
        let boot_id = self.machine.agent().boot_id();
        self.mount_late()?;
        let mut boot = self.boot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(boot) = boot.as_mut() {
            boot.mounted = boot_id;
        }
        if let Some(boot) = boot.as_mut().filter(|boot| !boot.ready) {
            boot.ready = true;
            boot.span.ready(millis(boot.since));
            let seconds = boot.since.elapsed().as_secs_f64();
            let how = if self.machine.resumes() { "resumed" } else { "booted" };
            self.log.line(Some(&self.name), &format!("{how} in {seconds:.2} seconds"));
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let boot = self.boot.lock().unwrap_or_else(PoisonError::into_inner);
        let connected = self.machine.agent().boot_id();
        boot.as_ref().is_some_and(|boot| connected.is_some() && boot.mounted == connected)
    }

    /// Waits for the agent. A system that gives up its boot never starts it.
    fn wait_booted(&self) -> Outcome<()> {
        let until = Instant::now() + BOOT_LIMIT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.machine.agent().wait_connected(left.min(LOOK_EVERY)) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind != ErrorKind::Timeout || left.is_zero() => {
                    return Err(error.into());
                }
                Err(_) => self.check_emergency()?,
            }
        }
    }

    fn check_emergency(&self) -> Outcome<()> {
        let text = self.machine.console().text();
        if !text.contains(EMERGENCY) {
            return Ok(());
        }
        let failed: Vec<&str> = text
            .lines()
            .filter(|line| line.contains("Failed to ") || line.contains("failed"))
            .collect();
        Err(Failure::machine(format!(
            "{}: its system gave up booting and is in emergency mode:\n  {}",
            self.name,
            failed.join("\n  ")
        )))
    }

    /// Mounts the shared folders that the node's system does not know of.
    fn mount_late(&self) -> Outcome<()> {
        if self.machine.backend() != Backend::Vm {
            return Ok(());
        }
        if let Some(image) = self.named_image.as_ref().filter(|_| self.config.vm.slots > 0) {
            plug::named_image(self, image)?;
        }
        for (number, share) in self.config.shared_directories.iter().enumerate() {
            if !share.mount_late {
                continue;
            }
            if self.config.vm.slots > 0 {
                plug::share(self, number, share)?;
            }
            let (tag, target) = (&share.tag, share.target.display());
            // What was just plugged in takes the kernel a moment to find.
            let tries = if self.config.vm.slots > 0 { MOUNT_TRIES } else { 1 };
            let command = format!(
                "mountpoint -q {target} || {{ mkdir -p {target}; tries=0; \
                 until said=$(mount -t virtiofs {tag} {target} 2>&1); do tries=$((tries + 1)); \
                 [ $tries -lt {tries} ] || {{ echo \"$said\" >&2; exit 1; }}; sleep 0.05; done; }}"
            );
            let output = self.machine.agent().exec(&command, Some(MOUNT_LIMIT))?;
            if output.status != 0 {
                let text = format!("{}: cannot mount the shared folder {target}", self.name);
                return Err(Failure::machine(text));
            }
        }
        Ok(())
    }

    /// Ends it for good.
    pub fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        if self.machine.state() != State::Off {
            // What is left is killed with the driver's own end.
            let _ = self.machine.kill();
        }
        self.ended();
    }

    /// Marks it as ended in the events.
    pub fn ended(&self) {
        self.boot.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Makes the folder of a machine, which has a short path for the sockets in it. Where machines are kept it leads
/// to the one of that name.
fn make_own_folder(folder: &Path, name: &str, states: Option<&Path>) -> Result<(), String> {
    let failed =
        |error: std::io::Error| format!("cannot make the folder {}: {error}", folder.display());
    let Some(states) = states else { return std::fs::create_dir_all(folder).map_err(failed) };
    let kept = states.join(format!("vm-state-{name}"));
    std::fs::create_dir_all(&kept).map_err(failed)?;
    std::os::unix::fs::symlink(&kept, folder).map_err(failed)
}

/// How a node is run: what the user wants, then what it needs, then what is possible here.
fn choose_backend(
    name: &str,
    config: &NodeConfig,
    around: &Surroundings<'_>,
) -> Result<Backend, String> {
    let wanted = around.config.backend.unwrap_or(config.backend);
    let needs = config.needs.join(", ");
    match wanted {
        BackendChoice::Vm => Ok(Backend::Vm),
        BackendChoice::Container if !needs.is_empty() => Err(format!(
            "node {name} cannot run as a container, because it needs {needs}; use `--backend vm` or \
             leave the choice to firn"
        )),
        BackendChoice::Container => match check_possible() {
            Ok(()) => Ok(Backend::Container),
            Err(why) => Err(format!("containers are impossible here: {why}; use `--backend vm`")),
        },
        BackendChoice::Auto if !needs.is_empty() => {
            around.log.line(Some(name), &format!("runs as a virtual machine: it needs {needs}"));
            Ok(Backend::Vm)
        }
        BackendChoice::Auto => Ok(match check_possible() {
            Ok(()) => Backend::Container,
            Err(why) => {
                let text =
                    format!("runs as a virtual machine: containers are impossible here: {why}");
                around.log.line(Some(name), &text);
                Backend::Vm
            }
        }),
    }
}
