//! Running a test from its configuration to its result.

use crate::config::Config;
use crate::driver::Driver;
use crate::folder::StateLinks;
use crate::log::Log;
use crate::report::{self, Report};
use crate::rpc::{Mode, Server};
use firn_events::{Activity, Outcome};
use firn_machine::{Backend, spawn_bound};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// How to run a test.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where the test's own files go.
    pub out_dir: PathBuf,
    /// A private, writable folder with a short path; sockets are made in it.
    pub folder: PathBuf,
    /// The file to start helper processes from, normally `/proc/self/exe`.
    pub program: PathBuf,
    /// Where the machines' own folders are kept, each by the machine's name: a run goes on with the disks that
    /// it finds there. Without it they are in `folder`.
    pub states: Option<PathBuf>,
    /// Run the script, or offer a prompt.
    pub mode: Mode,
}

/// How long calls may take to notice that everything has ended.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
const SHIM_FILE: &str = "firn_test.py";
/// What the script's process runs, and the modules that scripts may import.
const PYTHON_FILES: &[(&str, &str)] = &[
    (SHIM_FILE, include_str!("python/shim.py")),
    ("test_driver/__init__.py", include_str!("python/test_driver/__init__.py")),
    ("test_driver/debug.py", include_str!("python/test_driver/debug.py")),
    ("test_driver/efi.py", include_str!("python/test_driver/efi.py")),
    ("test_driver/errors.py", include_str!("python/test_driver/errors.py")),
];

/// Runs the test.
///
/// Everything that happens goes to `log`; nothing of the test is left running afterwards, whatever the
/// result.
///
/// # Errors
/// Why the test failed, in a few lines: the script's failing line first.
pub fn run_test(config: Config, log: Log, options: &RunOptions) -> Result<(), String> {
    let name = config.name.clone();
    let span = log.events().start(Activity::Test { name });
    let inner = log.below(span.reporter());
    let since = std::time::Instant::now();
    let result = run_inside(config, inner, options);
    let outcome = match &result {
        Ok(()) => Outcome::Ok,
        Err(report) => Outcome::Failed { message: report.whole.clone() },
    };
    span.stop(outcome, Some(crate::log::millis(since)));
    result.map_err(|report| report.brief)
}

fn run_inside(config: Config, log: Log, options: &RunOptions) -> Result<(), Report> {
    // Somebody at a prompt takes the time it takes.
    let limit = match options.mode {
        Mode::Interactive => Duration::MAX,
        _ => Duration::from_secs(config.global_timeout),
    };
    if options.mode == Mode::Interactive {
        // Ctrl-C is for the prompt.
        // SAFETY: the disposition of a signal is set to a constant.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    }
    log.set_level(config.log_level);
    let driver = Driver::new(config, log, options)?;
    let driver = Arc::new(driver);
    // At a prompt the machines' folders may be kept under these names.
    let _links = (options.mode != Mode::Interactive).then(|| {
        let machines = driver.nodes.iter().filter(|node| node.machine.backend() == Backend::Vm);
        let machines = machines.map(|node| {
            (node.name.as_str(), node.folder.as_path(), node.config.vm.empty_disks.len())
        });
        StateLinks::new(&options.out_dir, machines)
    });
    crate::forward::open_all(&driver)?;
    let socket = options.folder.join("script.sock");
    let listener = UnixListener::bind(&socket)
        .map_err(|error| format!("cannot listen on {}: {error}", socket.display()))?;
    let server = Server::start(driver.clone(), listener, options.mode);
    let python = Python::start(&driver, options, &socket, server.clone())?;
    let ending = server.wait(limit);
    let result = match ending {
        Some(ending) if ending.ok => Ok(()),
        Some(ending) => Err(report::failed(&driver, &ending)),
        None => Err(report::timed_out(&driver, &server.under_way(), limit)),
    };
    driver.stop_all();
    drop(python);
    server.drain(DRAIN_LIMIT);
    result
}

/// The script's process; dropping it ends it.
struct Python {
    id: u32,
    ended: std::sync::mpsc::Receiver<()>,
}

impl Python {
    fn start(
        driver: &Driver,
        options: &RunOptions,
        socket: &Path,
        server: Arc<Server>,
    ) -> Result<Self, String> {
        let program = &driver.config.python;
        let folder = options.folder.join("python");
        write_shim(&folder).map_err(|error| format!("cannot write the test shim: {error}"))?;
        let mut command = Command::new(program);
        // Neither the user's folders nor variables change what the script sees. Not by `-I`: the program may be one
        // that says by a variable where its further packages are (`extraPythonPackages`).
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PYTHON") {
                command.env_remove(name);
            }
        }
        command.env("PYTHONSAFEPATH", "1");
        command.args(["-s", "-u", "-B"]).arg(folder.join(SHIM_FILE)).arg(socket);
        command.current_dir(&options.out_dir);
        if options.mode != Mode::Interactive {
            command.stdin(Stdio::null());
        }
        // SAFETY: signal is async-signal-safe and takes constants.
        unsafe {
            command.pre_exec(|| {
                // `firn test shell` ignores it for all but the prompt.
                libc::signal(libc::SIGINT, libc::SIG_DFL);
                Ok(())
            });
        }
        let child = spawn_bound(command, Vec::new())
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        Ok(Self { id: child.id(), ended: watch(child, server) })
    }
}

fn write_shim(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder.join("test_driver"))?;
    PYTHON_FILES.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
}

fn watch(mut child: Child, server: Arc<Server>) -> std::sync::mpsc::Receiver<()> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ = child.wait();
        server.process_ended();
        let _ = sender.send(());
    });
    receiver
}

impl Drop for Python {
    fn drop(&mut self) {
        if self.ended.try_recv().is_err() {
            // SAFETY: kill takes integers; the process is reaped by our own thread, which then tells us.
            unsafe { libc::kill(self.id as i32, libc::SIGKILL) };
            let _ = self.ended.recv();
        }
    }
}
