//! Running the program, and looking at what it leaves behind.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Who runs now.
static TURNS: Mutex<Turns> = Mutex::new(Turns { alone: false, beside: 0 });
/// Told when somebody is done.
static ENDED: Condvar = Condvar::new();
/// An emulated machine keeps one processor busy; more of them at once would only wait for each other.
const MOST_BESIDE: usize = 2;

struct Turns {
    alone: bool,
    beside: usize,
}

fn turns() -> MutexGuard<'static, Turns> {
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to run, until it is dropped.
struct Turn {
    alone: bool,
}

impl Turn {
    fn take(alone: bool) -> Self {
        let busy = |turns: &mut Turns| match alone {
            true => turns.alone || turns.beside > 0,
            false => turns.alone || turns.beside >= MOST_BESIDE,
        };
        let mut turns = ENDED.wait_while(turns(), busy).unwrap_or_else(PoisonError::into_inner);
        match alone {
            true => turns.alone = true,
            false => turns.beside += 1,
        }
        Turn { alone }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut turns = turns();
        match self.alone {
            true => turns.alone = false,
            false => turns.beside -= 1,
        }
        ENDED.notify_all();
    }
}

/// The program with a store of the tests' own.
pub struct Program {
    folder: PathBuf,
    turn: Turn,
}

/// What a run said.
pub struct Said {
    /// Whether the exit status was 0.
    pub success: bool,
    /// Standard output and standard error.
    pub text: String,
}

impl Program {
    /// The program, while no other test runs; `None` where end-to-end tests can't run and need not.
    pub fn new() -> Option<Self> {
        Self::in_turn(Turn::take(true))
    }

    /// The same beside another test of this kind: for virtual machines, which take long.
    pub fn beside() -> Option<Self> {
        Self::in_turn(Turn::take(false))
    }

    fn in_turn(turn: Turn) -> Option<Self> {
        match obstacle() {
            None => {
                let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e");
                std::fs::create_dir_all(&folder).unwrap();
                Some(Program { folder: std::fs::canonicalize(folder).unwrap(), turn })
            }
            Some(obstacle) if std::env::var_os("FIRN_REQUIRE_E2E").is_some() => {
                panic!("end-to-end tests are required, but {obstacle}")
            }
            Some(obstacle) => {
                eprintln!("not run: {obstacle}");
                None
            }
        }
    }

    /// A command of the program, with the tests' store and an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_first(arguments);
        command.arg("--store").arg(self.store());
        command
    }

    /// The same with the store named by the environment, where the last arguments are not firn's.
    pub fn command_first(&self, arguments: &[&str]) -> Command {
        self.command_called("firn", arguments)
    }

    /// The same for the program by another name.
    pub fn command_called(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firn"));
        command
            .arg0(name)
            .args(arguments)
            .env_clear()
            .env("NIX_REMOTE", self.store())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.join("home"));
        command
    }

    /// Runs a command of the program.
    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Writes a flake with this text into a folder of its own, and gives its reference.
    pub fn flake(&self, name: &str, text: &str) -> String {
        let folder = self.folder.join("flakes").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("flake.nix"), text).unwrap();
        format!("path:{}", folder.display())
    }

    /// Panics if processes use the tests' store, or if anything in it is mounted. Of tests side by side
    /// the last one looks.
    pub fn assert_nothing_left(&self) {
        let turns = turns();
        if !self.turn.alone && turns.beside > 1 {
            return;
        }
        let store = self.store().to_string_lossy().into_owned();
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
        assert!(!mounts.contains(&store), "something is still mounted:\n{mounts}");
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let process = entry.path();
            // A container's processes name no path of the store, but see it mounted.
            let uses_store = ["cmdline", "environ", "mountinfo"].iter().any(|file| {
                let text = std::fs::read(process.join(file)).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(&store)
            });
            let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            assert!(!uses_store, "still running: {command}");
        }
    }
}

/// What makes up the disks of virtual machines: hundreds of megabytes for each test, quickly made again. What
/// refers to others comes first.
const IMAGES: [&str; 4] = ["driver-configuration-", "saved-boot-", "esp-", "store-image-"];

impl Drop for Program {
    /// Deletes the images of machines, but for those that a test beside this one uses.
    fn drop(&mut self) {
        let entries = std::fs::read_dir(self.store().join("nix/store")).into_iter().flatten();
        let names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        for kind in IMAGES {
            let is_image = |name: &&String| {
                name.get(33..).is_some_and(|name| name.starts_with(kind))
                    && ![".drv", ".lock"].iter().any(|end| name.ends_with(end))
            };
            for name in names.iter().filter(is_image) {
                let path = format!("/nix/store/{name}");
                let _ = self.command_called("nix-store", &["--delete", &path]).output();
            }
        }
    }
}

impl Said {
    /// What a finished process said.
    pub fn of(output: Output) -> Self {
        let text = [output.stdout, output.stderr].concat();
        Said { success: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
    }

    /// Panics unless the run succeeded and said all of these.
    pub fn assert_success(&self, wanted: &[&str]) {
        assert!(self.success, "it failed:\n{}", self.text);
        self.assert_said(wanted);
    }

    /// Panics unless the run failed and said all of these.
    pub fn assert_failure(&self, wanted: &[&str]) {
        assert!(!self.success, "it succeeded:\n{}", self.text);
        self.assert_said(wanted);
    }

    fn assert_said(&self, wanted: &[&str]) {
        for wanted in wanted {
            assert!(self.text.contains(wanted), "'{wanted}' is not in:\n{}", self.text);
        }
    }
}

/// The folder of examples.
pub fn examples() -> PathBuf {
    std::fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")).unwrap()
}

/// An example's text.
pub fn example(name: &str) -> String {
    std::fs::read_to_string(examples().join(name).join("flake.nix")).unwrap()
}

/// Why end-to-end tests can't run here.
fn obstacle() -> Option<String> {
    let namespaces = Command::new("unshare").args(["--user", "--map-root-user", "true"]).output();
    match namespaces {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!(
            "no user namespace can be made: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Some(format!("'unshare' can't be run: {error}")),
    }
}
